// The descriptor numbers that a process of the payload has been given.
//
// Whatever else is open is not the payload's to name: descriptors of the monitor, and those on their way to or from
// the payload, which have not been judged yet. So what a call makes is published at its end, and a number is withdrawn
// before the host's call that closes it: no other thread can meet a descriptor in between.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace kontain::fd {

// Whether calls on a descriptor take an instant (files, folders, what is O_NONBLOCK) or may wait for somebody.
enum class Kind : uint8_t { Unknown, Quick, Slow, BeingJudged };

// Safe to use from all threads, without a lock: a fork copies it whole.
class PayloadFds {
 public:
  static constexpr int kNumbers = 1 << 20;  // the payload has no higher ones, whatever its limit
  static constexpr int kWordBits = 64;

  PayloadFds() = default;
  ~PayloadFds() { delete far_.load(); }
  // For vfork, whose child has a descriptor table of its own.
  PayloadFds(const PayloadFds& other);
  PayloadFds& operator=(const PayloadFds&) = delete;

  bool contains(int number) const {
    const auto index = static_cast<unsigned>(number);
    return index < static_cast<unsigned>(kNumbers) && (word(index / kWordBits) >> (index % kWordBits) & 1);
  }

  // From now on calls of the payload may name `number`. False when it cannot be noted: too high, or no memory.
  bool publish(int number);

  // The opposite, before the number is closed or replaced: true for one caller only.
  bool withdraw(int number);

  // Where the kinds of the first numbers are noted; the memory outlives the object. Until then, and for a vfork child,
  // all are Unknown. A number that changes hands becomes Unknown.
  void note_kinds(std::span<std::atomic<uint8_t>> kinds) { kinds_ = kinds; }
  Kind kind(int number) const { return has_kind(number) ? Kind{kinds_[index(number)].load()} : Kind::Unknown; }
  // Notes what `judge(number)` says, unless the number changes hands meanwhile.
  template <class Judge>
  void judge_kind(int number, Judge judge) {
    if (!has_kind(number)) return;
    std::atomic<uint8_t>& kind = kinds_[index(number)];
    auto expected = static_cast<uint8_t>(Kind::Unknown);
    if (!kind.compare_exchange_strong(expected, static_cast<uint8_t>(Kind::BeingJudged))) return;
    expected = static_cast<uint8_t>(Kind::BeingJudged);
    kind.compare_exchange_strong(expected, static_cast<uint8_t>(judge(number)));
  }

  // Whatever was known of it may have changed.
  void forget_kind(int number) {
    if (has_kind(number)) kinds_[index(number)] = static_cast<uint8_t>(Kind::Unknown);
  }

  // 64 numbers from 64 * index on, as a word of select(2)'s sets has them.
  uint64_t word(size_t index) const {
    if (index < near_.size()) return near_[index].load(std::memory_order_acquire);
    const Far* far = far_.load(std::memory_order_acquire);
    index -= near_.size();
    return far == nullptr || index >= far->size() ? 0 : (*far)[index].load(std::memory_order_acquire);
  }

  // Calls `visit(number)` for each number from `first` to `last` that the payload has, lowest first.
  template <class Visit>
  void for_each(unsigned first, unsigned last, Visit visit) const {
    constexpr size_t kWords = kNumbers / kWordBits;
    for (size_t index = first / kWordBits; index < kWords && index <= last / kWordBits; ++index) {
      if (index == near_.size() && far_.load() == nullptr) return;
      for (uint64_t rest = word(index); rest != 0; rest &= rest - 1) {
        const auto number = static_cast<unsigned>(index * kWordBits) + static_cast<unsigned>(std::countr_zero(rest));
        if (number >= first && number <= last) visit(static_cast<int>(number));
      }
    }
  }

 private:
  static constexpr size_t kNearWords = 64;  // no process that has only usual numbers needs more
  using Near = std::array<std::atomic<uint64_t>, kNearWords>;
  using Far = std::array<std::atomic<uint64_t>, kNumbers / kWordBits - kNearWords>;

  static size_t index(int number) { return static_cast<unsigned>(number); }
  bool has_kind(int number) const { return index(number) < kinds_.size(); }
  // The word that `number` is in; nullptr when there is no memory for it, or none yet and `make` is false.
  std::atomic<uint64_t>* word_of(int number, bool make);

  Near near_{};
  std::atomic<Far*> far_ = nullptr;
  std::span<std::atomic<uint8_t>> kinds_;
};

// The descriptors of this process that are open, lowest first, without those above PayloadFds::kNumbers. `proc` is a
// descriptor of the host's procfs, by which they are found at once; without one (-1) only those below 65536 are.
std::vector<int> open_descriptors(int proc);

}  // namespace kontain::fd
