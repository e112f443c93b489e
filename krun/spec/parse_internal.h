// Internal to krun/spec: the parts of a configuration.
#pragma once

#include <sched.h>

#include <string_view>

#include "krun/spec/model.h"
#include "krun/spec/reader.h"

namespace kontain::krun::spec {

// A word of a fixed vocabulary and what it stands for.
template <class T>
struct Word {
  std::string_view name;
  T value;
};

// The value of the text at `reader`, which must be one of `words`.
template <class T, size_t N>
T word(const Reader& reader, const Word<T> (&words)[N]) {
  const std::string text = reader.required_text();
  for (const Word<T>& entry : words) {
    if (entry.name == text) return entry.value;
  }
  reader.fail("\"" + text + "\" is not known");
  return T{};
}

Process read_process(const Reader& reader);
Linux read_linux(const Reader& reader);
Resources read_resources(const Reader& reader);
Seccomp read_seccomp(const Reader& reader);
std::vector<IdMapping> read_mappings(const Reader& reader);
StringMap read_string_map(const Reader& reader);

}  // namespace kontain::krun::spec
