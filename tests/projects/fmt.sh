# {fmt}: ctest over its own tests. Debian's source is without their copy of googletest; Debian's own takes its place.
# shellcheck shell=bash disable=SC2034,SC2154
package=fmtlib version=9.1.0+ds1-2 title="{fmt}"
native_reason="the C library has no locale's names of days"
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
  cmake -S . -B out -DCMAKE_BUILD_TYPE=Debug -DFMT_DOC=OFF && make -C out -k -j"$jobs"
}
check() { cd out && ctest --output-on-failure; }
results() { ctest_results; }
