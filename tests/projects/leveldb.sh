# LevelDB: ctest over its own tests. Its copies of googletest and benchmark are not in the archive; Debian's take their place.
# shellcheck shell=bash disable=SC2034,SC2154
package=leveldb version=1.23-4 title=LevelDB
native_reason="under load; alone it passes"
build() {
  local gtest benchmark
  gtest=$("$KONTAIN_SOURCE/tests/programs/fetch-package.sh" googletest)/usr/src/googletest
  benchmark=$("$KONTAIN_SOURCE/tools/dev/fetch-source.sh" benchmark 1.7.1-1)
  rm -rf third_party/googletest third_party/benchmark
  cp -r "$gtest" third_party/googletest
  mkdir third_party/benchmark
  tar -xf "$(find "$benchmark" -name '*.orig.tar.*')" -C third_party/benchmark --strip-components=1 --no-same-owner
  cmake -S . -B out -DCMAKE_BUILD_TYPE=Release -DLEVELDB_BUILD_BENCHMARKS=OFF -DBENCHMARK_ENABLE_WERROR=OFF && make -C out -j"$jobs"
}
check() { cd out && ctest --output-on-failure; }
results() { ctest_results; }
