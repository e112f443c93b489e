// Writes an ELF core file (ET_CORE) that gdb, lldb and eu-stack read, laid out as Linux does: headers, notes, then from
// a page boundary the contents of the mappings in ascending order. Pages of zeroes become holes of the file.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "base/unique_fd.h"
#include "km/core/core_input.h"

namespace kontain::core {

// No core is written at all when RLIMIT_CORE is lower (fs/binfmt_elf.c: min_coredump).
inline constexpr uint64_t kMinimumLimit = 4096;

struct CoreWritten {
  uint64_t size = 0;       // the file's size, holes included
  bool truncated = false;  // the limit, or the largest file the file system has, cut it
};

// How many bytes of a mapping, from its start, Linux would dump (core(5), "Controlling which mappings are written").
// Reads the first bytes of a file mapping to see whether they are an ELF header.
uint64_t dump_size(const CoreMapping& mapping, uint32_t filter, CoreMemory& memory);

// Writes to an empty regular file. Errors: what the host says about writing (ENOSPC, EDQUOT, EIO); the file then holds
// what was written so far. The caller keeps SIGXFSZ blocked: RLIMIT_FSIZE ends the dump as `truncated`.
Result<CoreWritten> write_core(const CoreInput& input, CoreMemory& memory, const UniqueFd& file);

}  // namespace kontain::core
