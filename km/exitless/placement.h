// On which processor the call server wakes up. The scheduler would put it beside whoever wakes it, on the very
// processor that the waker's guest is about to use: then the two take turns, and the gain is gone.
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace kontain::exitless {

class Placement {
 public:
  // Of the calling thread's processors.
  Placement();
  // False: a server and the thread it serves would take turns.
  bool has_several() const;

  // Keeps thread `tid`, which sleeps, off the calling thread's processor. False: there is no other one.
  bool keep_off_this_cpu(pid_t tid);
  // By the thread itself, once it runs: all processors are its own again.
  void allow_all();

 private:
  // More processors than any machine has.
  static constexpr size_t kProcessors = 8192;
  struct Mask {
    unsigned long words[kProcessors / (8 * sizeof(unsigned long))] = {};
    void clear(unsigned cpu);
    int count() const;
  };
  static void set(pid_t tid, const Mask& mask);

  Mask allowed_;
};

}  // namespace kontain::exitless
