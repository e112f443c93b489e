# JSON for Modern C++: the targets of its own unit tests that a compiler is done with in seconds, as C++17, counted by
# test case.
# shellcheck shell=bash disable=SC2034,SC2046,SC2086,SC2154
package=nlohmann-json3 version=3.11.2-2 title="JSON for Modern C++"
leaves_out="test programs that take long to compile or read files that are not in the source package, and the allocator's, which libc++ refuses"
programs="algorithms alt-string assert_macro byte_container_with_subtype capacity class_const_iterator class_iterator
  class_lexer comparison concepts constructor2 convenience deserialization diagnostics disabled_exceptions element_access1
  hash items json_pointer merge_patch meta modifiers noexcept ordered_json ordered_map pointer_access reference_access
  serialization type_traits udl udt user_defined_input wstring"
# The names are set here, because check runs alone, and a build knows itself by its text.
eval "build() {
  cmake -S . -B out -DJSON_TestStandards=17 -DJSON_TestDataDirectory=\"\$PWD/no-data\" -DDOCTEST_TEST_FILTER=-r=xml &&
    make -C out -k -j\"\$jobs\" $(printf ' test-%s_cpp17' $programs)
}"
eval "check() { cd out && ctest -V -R '^test-($(echo $programs | tr ' ' '|'))_cpp17\$'; }"
# doctest's XML: an element for a case, in which the sum of its checks comes last.
results() {
  awk 'match($0, /<TestCase name="[^"]*"/) { done(); test = substr($0, RSTART + 16, RLENGTH - 17); bad = 1; thrown = 0 }
    /<Exception / { thrown = 1 }
    /<OverallResultsAsserts .* failures="0"/ { bad = thrown; done() }
    function done() { if (test) print (bad ? "FAIL " : "PASS ") test; test = "" } END { done() }' | sort -u
}
