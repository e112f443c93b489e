// The records of getdents(2) and getdents64(2). Pure.
#pragma once

#include <cstddef>
#include <functional>
#include <span>

namespace kontain::procfs {

enum class DirentFormat { Old, New };  // struct linux_dirent, struct linux_dirent64

// Calls fn(number) for every name of `records` that is a decimal number until fn returns true: whether one did.
bool any_numbered_entry(std::span<const std::byte> records, DirentFormat format, const std::function<bool(int)>& fn);

// Takes the entries for which fn(number) is true out of `records`: the bytes that remain, at its start.
size_t remove_numbered_entries(std::span<std::byte> records, DirentFormat format, const std::function<bool(int)>& fn);

}  // namespace kontain::procfs
