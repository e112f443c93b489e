// The system call table for people and programs: `km --syscalls`, docs/syscalls.md.
#pragma once

#include <string>

namespace kontain::abi {

// Aligned columns: number, name, support, note; a line of counts at the end.
std::string syscalls_as_text();
// An array of {"number", "name", "support", "errno", "note"}; errno (a name) for refused calls only.
std::string syscalls_as_json();
// docs/syscalls.md.
std::string syscalls_as_markdown();

}  // namespace kontain::abi
