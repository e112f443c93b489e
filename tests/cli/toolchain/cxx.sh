#!/bin/bash
# kontain-g++: the C++ library, exceptions and threads work in every kind of executable.
. "$(dirname "$0")/common.sh"

cat >program.cc <<'END'
#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>
#include <regex>
#include <stdexcept>
#include <thread>
#include <vector>

struct Loud {
  ~Loud() { std::cout << "thread is gone\n"; }
};
thread_local Loud loud;
struct Base { virtual ~Base() = default; };
struct Derived : Base {};

int main() {
  std::smatch match;
  const std::string text = "answer=42";
  if (std::regex_match(text, match, std::regex("([a-z]+)=([0-9]+)"))) std::cout << match[1] << ' ' << match[2] << '\n';
  try {
    throw std::runtime_error("caught");
  } catch (const std::exception& error) {
    std::cout << error.what() << '\n';
  }
  std::mutex lock;
  int sum = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) threads.emplace_back([&, i] { std::lock_guard guard(lock); sum += i; });
  for (auto& thread : threads) thread.join();
  std::cout << sum << '\n';
  std::thread([] { (void)&loud; }).join();
  auto result = std::async(std::launch::async, []() -> int { throw 7; });
  try {
    result.get();
  } catch (int value) {
    std::cout << value << '\n';
  }
  Base* base = new Derived;
  std::cout << (dynamic_cast<Derived*>(base) != nullptr) << std::filesystem::path("/a/b").parent_path() << std::endl;
  delete base;
}
END
printf '%s\n' 'answer 42' caught 6 'thread is gone' 7 '1"/a"' >wanted
gxx="$KONTAIN_SDK/bin/kontain-g++"
for mode in "" -O2 -no-pie -static "-O1 -flto" "-Wl,--gc-sections -ffunction-sections"; do
  "$gxx" $mode -o program program.cc
  ./program >got || fail "status $?: $mode"
  cmp wanted got || fail "output differs: $mode"
  "$read_note" program >/dev/null || fail "no note: $mode"
done

"$gxx" -dynamic -o program program.cc
readelf -d program >facts
has facts 'NEEDED.*libc\+\+\.so\.1'
"$KONTAIN_SDK/lib/kontain/sysroot/lib/ld-musl-x86_64.so.1" --library-path "$KONTAIN_SDK/lib/kontain/sysroot/usr/lib" \
  ./program >got || fail "status $?: -dynamic"
cmp wanted got
"$gxx" -dynamic -static-libstdc++ -o program program.cc
readelf -d program >facts
lacks facts 'libc\+\+'

# The other names, C by kontain-g++, and C++ objects linked by kontain-gcc with the library named.
"$KONTAIN_SDK/bin/kontain-c++" -c program.cc
"$KONTAIN_SDK/bin/kontain-cc" -o program program.o -lstdc++
./program | cmp - wanted
echo 'int f(void) { return sizeof("a"[0]) == sizeof(char); }' >f.c
"$gxx" -c f.c
"$KONTAIN_SDK/bin/kontain-nm" f.o >facts
has facts ' T _Z1fv$'
run 1 "$gcc" -o program program.o
has err 'undefined symbol: .*std::'
