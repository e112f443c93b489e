// One hostile file through the analyser of `kontain check`: the ELF reader, the functions, the calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace kontain::test {

// Ends the process when what the analyser promises does not hold: ranges within the file's code, references to
// functions that are there. Returns true when the file was read.
bool run_analyser_case(std::span<const std::byte> file);

}  // namespace kontain::test
