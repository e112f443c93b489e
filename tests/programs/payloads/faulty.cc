// faulty KIND: makes one mistake, for AddressSanitizer to find.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

volatile int sink;

void none() {
  std::map<int, std::string> map;
  for (int i = 0; i < 20000; ++i) map[i * 7919 % 20011] = std::string(static_cast<size_t>(i % 100), 'x');
  std::printf("%zu\n", map.size());
}

void threads() {
  std::mutex mutex;
  std::vector<int> all;
  std::vector<std::thread> workers;
  for (int n = 0; n < 8; ++n) {
    workers.emplace_back([&, n] {
      const auto own = std::make_unique<int[]>(10000);
      for (int i = 0; i < 10000; ++i) own[static_cast<size_t>(i)] = i;
      const std::lock_guard lock(mutex);
      all.push_back(own[static_cast<size_t>(n)]);
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::printf("%zu\n", all.size());
}

void overflow() {
  char* data = static_cast<char*>(std::malloc(40));
  sink = data[40];
}

void use_after_free() {
  int* data = new int[10];
  delete[] data;
  sink = data[3];
}

void stack(size_t index) {
  int array[8] = {};
  sink = array[index];
}

void double_free() {
  void* data = std::malloc(8);
  std::free(data);
  std::free(data);
}

void null() { sink = *reinterpret_cast<volatile int*>(8); }

void undefined(int value) { sink = value + 0x7fffffff; }

void out_of_memory() {
  volatile size_t size = size_t{1} << 60;
  std::free(std::malloc(size));
}

void use_after_scope() {
  volatile int* outside;
  {
    int inside[4] = {1, 2, 3, 4};
    outside = inside;
  }
  sink = outside[2];
}

}  // namespace

int main(int argc, char** argv) {
  const std::string kind = argc > 1 ? argv[1] : "none";
  if (kind == "none") none();
  if (kind == "threads") threads();
  if (kind == "overflow") overflow();
  if (kind == "use-after-free") use_after_free();
  if (kind == "stack") stack(static_cast<size_t>(argc) + 7);
  if (kind == "double-free") double_free();
  if (kind == "null") null();
  if (kind == "undefined") undefined(argc);
  if (kind == "out-of-memory") out_of_memory();
  if (kind == "use-after-scope") use_after_scope();
  std::puts("went on");
  return 0;
}
