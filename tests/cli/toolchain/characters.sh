#!/bin/bash
# kontain-g++: strings of characters that the standard has no traits for, as GCC's library has them, in every standard.
. "$(dirname "$0")/common.sh"

cat >program.cc <<'END'
#include <iostream>
#include <sstream>
#include <string>

enum Unit : unsigned char {};
struct Wide {
  int value;
  friend bool operator==(Wide left, Wide right) { return left.value == right.value; }
  friend bool operator<(Wide left, Wide right) { return left.value < right.value; }
  explicit operator unsigned long() const { return value; }
};
using Bytes = std::basic_string<unsigned char>;

int main() {
  Bytes bytes(3, 0xe9);
  bytes += Bytes{0, 'z'};
  bytes.insert(bytes.begin(), 'a');
  bytes += bytes.substr(1, 40);
  std::cout << bytes.size() << ' ' << bytes.find('z') << ' ' << bytes.rfind(0xe9) << ' ' << (bytes < Bytes{'b'}) << ' '
            << std::char_traits<unsigned char>::eof() << '\n';
  bytes.append(200, 1).erase(3, 100).replace(0, 1, Bytes(50, 2));
  std::cout << bytes.size() << ' ' << (bytes == Bytes(bytes)) << '\n';
  std::basic_string<Unit> units(20, Unit(7));
  units.insert(3, std::basic_string<Unit>(2, Unit(9)));
  std::cout << units.length() << ' ' << units.find(Unit(9)) << ' ' << units.compare(0, 3, units, 2, 3) << '\n';
  std::basic_string<Wide> wide(30, Wide{1});
  std::cout << wide.size() << ' ' << (wide.find(Wide{2}) == wide.npos) << '\n';
}
END
# What g++ 12 and libstdc++ print.
printf '%s\n' '11 5 8 1 18446744073709551615' '160 1' '22 3 -1' '30 1' >wanted
for standard in 11 14 17 20 23; do
  "$KONTAIN_SDK/bin/kontain-g++" -std=c++$standard -Wall -Wextra -Werror -o program program.cc
  ./program >got || fail "status $?: C++$standard"
  cmp wanted got || fail "output differs: C++$standard"
done
