// Names of ELF header values, for messages.
#pragma once

#include <cstdint>
#include <string>

namespace kontain::elf {

// "AArch64"; "machine 4711" when the value has no name here.
std::string machine_name(uint16_t e_machine);
// "an object file", "a core dump"; "of type 17" for others.
std::string type_name(uint16_t e_type);

}  // namespace kontain::elf
