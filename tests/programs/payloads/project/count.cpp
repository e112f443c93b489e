#include "count.hpp"

#include <mutex>
#include <thread>

std::map<std::string, size_t> count(const std::vector<std::string>& words, unsigned threads) {
  std::map<std::string, size_t> total;
  std::mutex mutex;
  std::vector<std::thread> workers;
  for (unsigned part = 0; part < threads; ++part) {
    workers.emplace_back([&, part] {
      std::map<std::string, size_t> own;
      for (size_t i = part; i < words.size(); i += threads) ++own[words[i]];
      const std::lock_guard lock(mutex);
      for (const auto& [word, times] : own) total[word] += times;
    });
  }
  for (std::thread& worker : workers) worker.join();
  return total;
}
