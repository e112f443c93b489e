// C++ over the same calls: exceptions, thread_local objects, std::thread, condition variables, futures.
#include "tests/conformance/case.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <future>
#include <latch>
#include <memory>
#include <mutex>
#include <numeric>
#include <shared_mutex>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <vector>

CASE(exceptions) {
  int caught = 0;
  for (int i = 0; i < 1000; i++) {
    try {
      if (i % 3 == 0) throw std::runtime_error("three");
      if (i % 3 == 1) throw i;
    } catch (const std::runtime_error&) {
      caught += 1;
    } catch (int value) {
      caught += value % 2;
    }
  }
  say("%d", caught);
}

namespace {
struct Noisy {
  const char* name;
  ~Noisy() { say("end of %s", name); }
};
thread_local Noisy in_thread{"thread_local"};
Noisy in_program{"static"};
}  // namespace

CASE(destruction_order) {
  say("%s", in_thread.name);
  std::thread([] { say("thread has %s", in_thread.name); }).join();
  say("%s", in_program.name);
}

CASE(exception_between_threads) {
  auto result = std::async(std::launch::async, []() -> int { throw std::runtime_error("from a thread"); });
  try {
    result.get();
  } catch (const std::exception& error) {
    say("%s", error.what());
  }
}

CASE(uncaught_exception_terminates) {
  std::set_terminate([] {
    say("terminate");
    _exit(6);
  });
  std::thread([] { throw 1; }).join();
}

CASE(parallel_sum) {
  std::vector<long> numbers(400000);
  std::iota(numbers.begin(), numbers.end(), 1);
  std::vector<std::future<long>> parts;
  for (int i = 0; i < 4; i++)
    parts.push_back(std::async(std::launch::async, [&, i] {
      return std::accumulate(numbers.begin() + i * 100000, numbers.begin() + (i + 1) * 100000, 0L);
    }));
  long sum = 0;
  for (auto& part : parts) sum += part.get();
  say("%ld", sum);
}

CASE(queue_of_work) {
  std::mutex mutex;
  std::condition_variable_any filled;
  std::vector<int> queue;
  std::atomic<long> sum = 0;
  {
    std::vector<std::jthread> workers;
    for (int i = 0; i < 3; i++)
      workers.emplace_back([&](std::stop_token stop) {
        for (;;) {
          std::unique_lock lock(mutex);
          if (!filled.wait(lock, stop, [&] { return !queue.empty(); })) return;
          int item = queue.back();
          queue.pop_back();
          lock.unlock();
          sum += item;
        }
      });
    for (int i = 1; i <= 1000; i++) {
      std::scoped_lock lock(mutex);
      queue.push_back(i);
      filled.notify_one();
    }
    for (;;) {
      std::scoped_lock lock(mutex);
      if (queue.empty()) break;
    }
    while (sum != 500500) std::this_thread::yield();
  }
  say("%ld", sum.load());
}

CASE(atomic_wait_and_latch) {
  std::atomic<int> word = 0;
  std::latch latch(3);
  std::vector<std::jthread> threads;
  for (int i = 0; i < 3; i++)
    threads.emplace_back([&] {
      word.wait(0);
      latch.count_down();
    });
  word = 1;
  word.notify_all();
  latch.wait();
  say("all through");
}

CASE(shared_mutex_readers) {
  std::shared_mutex mutex;
  long value = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&, i] {
      for (int j = 0; j < 1000; j++) {
        if (i == 0) {
          std::unique_lock lock(mutex);
          value++;
        } else {
          std::shared_lock lock(mutex);
          CHECK(value >= 0);
        }
      }
    });
  threads.clear();
  say("%ld", value);
}

CASE(fork_with_objects) {
  std::vector<std::string> words(1000, "a string that is not short enough for the small buffer");
  pid_t pid = fork();
  if (pid == 0) {
    words.resize(10);
    std::thread([&] { words.push_back("x"); }).join();
    _exit(static_cast<int>(words.size()));
  }
  say_status("child", wait_for(pid));
  say("%d", static_cast<int>(words.size()));
}

namespace {
void throw_from_handler(int) { throw 42; }
}  // namespace

CASE(exception_out_of_a_fault_handler) {
  set_handler(SIGSEGV, throw_from_handler, SA_NODEFER);
  int caught = 0;
  for (int i = 0; i < 3; i++) {
    try {
      *reinterpret_cast<volatile int*>(8) = 1;
    } catch (int value) {
      caught += value;
    }
  }
  say("%d", caught);
}

CASE(sleep_until) {
  using namespace std::chrono;
  auto end = steady_clock::now() + 20ms;
  std::this_thread::sleep_until(end);
  CHECK(steady_clock::now() >= end);
  std::timed_mutex mutex;
  mutex.lock();
  std::jthread other([&] { CHECK(!mutex.try_lock_for(10ms)); });
  other.join();
  say("slept");
}
