// How a program outside a container tells km what to run inside it. Everything km needs comes as descriptors and as one
// sealed memory file with a start order in it, because inside the container there is nothing of ours to be opened and
// nothing that may be trusted.
//
// The starter executes km by execveat(2) with AT_EMPTY_PATH and, as the whole environment, kStartOrderVariable=N, where
// N is the number of the memory file. The file carries the seals kStartOrderSeals. km takes over the descriptors that
// the order names before anything else happens; none of them is ever the payload's.
//
// `starter_fd` is the reading end of a pipe with one byte in it; the starter waits at the other end. km takes the byte
// when the program is about to run, or cannot be run for a reason of its own (statuses 126 and 127). It closes the
// descriptor when the program has settled: waits for something from outside for the first time, executes another
// program, or ends. A pipe that is closed with the byte in it says that the program has not come to run.
#pragma once

#include <fcntl.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kontain::abi {

inline constexpr char kStartOrderVariable[] = "KM_HANDOVER";
inline constexpr int kStartOrderSeals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

// Descriptors are numbers in the process that executes km; -1: none.
struct StartOrder {
  int kvm_fd = -1;                                               // /dev/kvm, read and write
  int self_fd = -1;                                              // km's executable; O_PATH is enough
  int registry_fd = -1;                                          // holds the lock of the kontainer's registry entry
  int starter_fd = -1;                                           // see above
  std::string program;                                           // as execvp(3) takes it, in the process's own root
  std::vector<std::string> arguments;                            // the payload's argv with argv[0]
  std::vector<std::string> environment;                          // "NAME=value"
  std::vector<std::pair<std::string, std::string>> annotations;  // app.kontain.*; km refuses what none may set
  std::vector<std::string> seccomp_filters;                      // arrays of struct sock_filter, the first one first
  uint64_t seccomp_flags = 0;                                    // SECCOMP_FILTER_FLAG_LOG
};

// The bytes of the memory file, and back: nothing when they are no whole order. The bytes may be anybody's.
std::string encode_start_order(const StartOrder& order);
std::optional<StartOrder> decode_start_order(std::string_view bytes);

}  // namespace kontain::abi
