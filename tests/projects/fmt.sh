# {fmt}: ctest over its own tests, as C++20: its own char8_type is no character type for libc++ 19. Debian's source is
# without their copy of googletest; Debian's own takes its place.
# shellcheck shell=bash disable=SC2034,SC2154
package=fmtlib version=9.1.0+ds1-2 title="{fmt}"
build() {
  local gtest
  gtest=$("$KONTAIN_SOURCE/tests/programs/fetch-package.sh" googletest)/usr/src/googletest
  mkdir -p test/gtest
  cat >test/gtest/CMakeLists.txt <<END
add_library(gtest STATIC $gtest/googletest/src/gtest-all.cc $gtest/googlemock/src/gmock-all.cc)
target_include_directories(gtest SYSTEM PUBLIC $gtest/googletest/include $gtest/googlemock/include
  PRIVATE $gtest/googletest $gtest/googlemock)
target_compile_features(gtest PUBLIC cxx_std_14)
END
  cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DFMT_DOC=OFF -DCMAKE_CXX_STANDARD=20 && make -C out -j"$jobs"
}
check() { cd out && ctest --output-on-failure; }
results() { ctest_results; }
