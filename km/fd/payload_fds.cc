#include "km/fd/payload_fds.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/unique_fd.h"

namespace kontain::fd {
namespace {

constexpr int kSearched = 1 << 16;

bool is_open(int number) { return fcntl(number, F_GETFD) >= 0; }

std::vector<int> search_descriptors() {
  std::vector<int> found;
  for (int number = 0; number < kSearched; ++number) {
    if (is_open(number)) found.push_back(number);
  }
  return found;
}

int number_of(const char* name) {
  int number = 0;
  for (; *name >= '0' && *name <= '9' && number < PayloadFds::kNumbers; ++name) number = number * 10 + (*name - '0');
  return *name == '\0' && number < PayloadFds::kNumbers ? number : -1;
}

}  // namespace

PayloadFds::PayloadFds(const PayloadFds& other) {
  for (size_t i = 0; i < near_.size(); ++i) near_[i] = other.near_[i].load();
  const Far* far = other.far_.load();
  if (far == nullptr) return;
  auto* copy = new Far{};
  for (size_t i = 0; i < far->size(); ++i) (*copy)[i] = (*far)[i].load();
  far_ = copy;
}

std::atomic<uint64_t>* PayloadFds::word_of(int number, bool make) {
  const size_t index = static_cast<unsigned>(number) / kWordBits;
  if (index < near_.size()) return &near_[index];
  Far* far = far_.load();
  if (far == nullptr && make) {
    auto* made = new (std::nothrow) Far{};
    if (far_.compare_exchange_strong(far, made)) {
      far = made;
    } else {
      delete made;
    }
  }
  return far == nullptr ? nullptr : &(*far)[index - near_.size()];
}

bool PayloadFds::publish(int number) {
  if (number < 0 || number >= kNumbers) return false;
  auto* const word = word_of(number, true);
  if (word == nullptr) return false;
  forget_kind(number);
  word->fetch_or(uint64_t{1} << (static_cast<unsigned>(number) % kWordBits));
  return true;
}

bool PayloadFds::withdraw(int number) {
  if (!contains(number)) return false;
  const uint64_t bit = uint64_t{1} << (static_cast<unsigned>(number) % kWordBits);
  const bool had = word_of(number, false)->fetch_and(~bit) & bit;
  forget_kind(number);
  return had;
}

std::vector<int> open_descriptors(int proc) {
  UniqueFd folder(proc < 0 ? -1 : openat(proc, "thread-self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) return search_descriptors();
  const int own = folder.get();
  DIR* const stream = fdopendir(folder.release());
  std::vector<int> found;
  while (const dirent* entry = stream == nullptr ? nullptr : readdir(stream)) {
    const int number = number_of(entry->d_name);
    if (number >= 0 && number != own && is_open(number)) found.push_back(number);
  }
  if (stream != nullptr) closedir(stream);
  std::ranges::sort(found);
  return found;
}

}  // namespace kontain::fd
