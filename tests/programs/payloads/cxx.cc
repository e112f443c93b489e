// What the C++ library does with threads, exceptions and the file system, printed.
#include <atomic>
#include <exception>
#include <filesystem>
#include <future>
#include <iostream>
#include <map>
#include <mutex>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

thread_local std::string own_name = "nobody";

std::map<std::string, int> count_words(const std::string& text) {
  std::map<std::string, int> counts;
  const std::regex word("[a-z]+");
  for (auto i = std::sregex_iterator(text.begin(), text.end(), word); i != std::sregex_iterator(); ++i)
    ++counts[i->str()];
  return counts;
}

int sum_in_threads() {
  std::mutex lock;
  int sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&, i] {
      own_name = std::to_string(i);
      const std::lock_guard guard(lock);
      sum += std::stoi(own_name);
    });
  }
  for (std::thread& thread : threads) thread.join();
  return sum;
}

}  // namespace

int main() {
  for (const auto& [word, count] : count_words("to be or not to be")) std::cout << word << '=' << count << ' ';
  std::cout << "\nanswer=42\n" << sum_in_threads() << ' ' << own_name << '\n';
  auto result = std::async(std::launch::async, []() -> int { throw std::runtime_error("thrown in a thread"); });
  try {
    std::cout << result.get();
  } catch (const std::exception& error) {
    std::cout << "caught: " << error.what() << '\n';
  }
  std::filesystem::create_directories("cxx/a/b");
  for (const auto& entry : std::filesystem::recursive_directory_iterator("cxx")) std::cout << entry.path() << '\n';
  std::cout << std::filesystem::remove_all("cxx") << std::endl;
  throw std::logic_error("nobody catches this");
}
