# LevelDB: ctest over its own tests. Its copy of googletest is not in the archive; Debian's takes its place.
# shellcheck shell=bash disable=SC2034,SC2154
package=leveldb version=1.23-4 title=LevelDB
build() {
  local gtest
  gtest=$("$KONTAIN_SOURCE/tests/programs/fetch-package.sh" googletest)/usr/src/googletest
  rm -rf third_party/googletest
  cp -r "$gtest" third_party/googletest
  cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DLEVELDB_BUILD_BENCHMARKS=OFF && make -C out -j"$jobs"
}
check() { cd out && ctest; }
results() { ctest_results; }
