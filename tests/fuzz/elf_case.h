// One hostile file through everything that judges it: the ELF parser, the load plan, the notes, the #! line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kontain::test {

// Ends the process when a promise of km/elf/image.h or km/load/load_plan.h is broken.
// Returns true when the file was accepted and planned: a corpus of which nothing is accepted tests little.
bool run_elf_case(std::span<const std::byte> file);

}  // namespace kontain::test
