// A payload's memory made of the pieces a test puts into it.
#pragma once

#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "km/trace/memory_reader.h"

namespace kontain::test {

class FakeMemory : public trace::MemoryReader {
 public:
  // Places `bytes` at `address`; what is not placed cannot be read.
  void put(uint64_t address, std::string_view bytes) {
    for (size_t i = 0; i < bytes.size(); ++i) bytes_[address + i] = bytes[i];
  }
  // A string with its NUL; the rest of its page reads as zeros.
  void put_string(uint64_t address, std::string_view text) {
    put(address, std::string(4096 - address % 4096, '\0'));
    put(address, text);
  }
  template <class T>
  void put_value(uint64_t address, const T& value) {
    std::string bytes(sizeof(value), '\0');
    std::memcpy(bytes.data(), &value, sizeof(value));
    put(address, bytes);
  }

  bool read(uint64_t address, void* to, size_t size) override {
    for (size_t i = 0; i < size; ++i) {
      const auto byte = bytes_.find(address + i);
      if (byte == bytes_.end()) return false;
      static_cast<char*>(to)[i] = byte->second;
    }
    return true;
  }

 private:
  std::map<uint64_t, char> bytes_;
};

}  // namespace kontain::test
