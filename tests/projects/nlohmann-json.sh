# JSON for Modern C++: ctest over its own unit tests as C++17, counted by test case.
# shellcheck shell=bash disable=SC2034,SC2154
package=nlohmann-json3 version=3.11.2-2 title="JSON for Modern C++"
leaves_out="the tests that configure other CMake projects, and what their own JSON_FastTests skips"
native_reason="they read files of a data repository that is not in the source package"
build() {
  cmake -S . -B out -DJSON_TestStandards=17 -DJSON_FastTests=ON -DJSON_TestDataDirectory="$PWD/no-data" \
    -DDOCTEST_TEST_FILTER=-r=xml && make -C out -j"$jobs"
}
check() { cd out && ctest -V -E '^cmake_'; }
# doctest's XML: an element for a case, in which the sum of its checks comes last.
results() {
  awk 'match($0, /<TestCase name="[^"]*"/) { done(); test = substr($0, RSTART + 16, RLENGTH - 17); bad = 1; thrown = 0 }
    /<Exception / { thrown = 1 }
    /<OverallResultsAsserts .* failures="0"/ { bad = thrown; done() }
    function done() { if (test) print (bad ? "FAIL " : "PASS ") test; test = "" } END { done() }' | sort -u
}
