# Helpers that every CMakeLists.txt uses: one call makes a library, a program or a test with the project's flags.

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM)
  set(CMAKE_C_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CCACHE_PROGRAM}")
endif()

add_library(kontain_flags INTERFACE)
target_include_directories(kontain_flags INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_options(kontain_flags INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor -fno-strict-aliasing
  -fstack-protector-strong "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
if(KONTAIN_WERROR)
  target_compile_options(kontain_flags INTERFACE -Werror)
endif()
# A build ID is a hash that includes debug information, and that says how the compiler was called: by its path, or by a cache.
if(KONTAIN_STATIC_LLVM)
  target_link_options(kontain_flags INTERFACE -Wl,--build-id=none)
endif()
# GCC's uninitialised-value analysis is wrong about instrumented code (GCC manual, -fsanitize=address).
if(KONTAIN_SANITIZER AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_options(kontain_flags INTERFACE -Wno-maybe-uninitialized)
endif()
if(KONTAIN_SANITIZER STREQUAL "address")
  target_compile_options(kontain_flags INTERFACE -fsanitize=address,undefined -fno-omit-frame-pointer)
  target_link_options(kontain_flags INTERFACE -fsanitize=address,undefined)
elseif(KONTAIN_SANITIZER STREQUAL "thread")
  target_compile_options(kontain_flags INTERFACE -fsanitize=thread)
  target_link_options(kontain_flags INTERFACE -fsanitize=thread)
elseif(KONTAIN_SANITIZER STREQUAL "fuzzer")
  target_compile_options(kontain_flags INTERFACE -fsanitize=fuzzer-no-link,address,undefined)
  target_link_options(kontain_flags INTERFACE -fsanitize=address,undefined)
endif()

# kontain_library(NAME SOURCES... [DEPS libs...]): a static library of one folder.
function(kontain_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC kontain_flags ${ARG_DEPS})
endfunction()

# kontain_program(NAME SOURCES... [DEPS libs...]): a program that is placed in the SDK's bin/.
function(kontain_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE kontain_flags ${ARG_DEPS})
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${KONTAIN_SDK_DIR}/bin")
endfunction()

# kontain_unit_test(NAME SOURCES... [DEPS libs...]): a Catch2 program; each TEST_CASE becomes a ctest case.
function(kontain_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE kontain_flags kontain_catch_main ${ARG_DEPS})
  catch_discover_tests(${name} TEST_PREFIX "unit/${name}: " DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 120)
endfunction()

# kontain_fuzz_target(NAME SOURCES... [DEPS libs...]): a libFuzzer program, built by the fuzz preset only.
function(kontain_fuzz_target name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS" ${ARGN})
  if(NOT KONTAIN_SANITIZER STREQUAL "fuzzer")
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE kontain_flags ${ARG_DEPS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
endfunction()

# kontain_script_test(NAME SCRIPT [LABELS ...] [TIMEOUT n] [COST n]): a shell test. Exit 0 passes, 77 skips with the
# reason it printed, anything else fails. It finds the SDK in $KONTAIN_SDK and the sources in $KONTAIN_SOURCE. COST is
# about how many seconds a test of more than five takes: the longest begin first, so that none runs alone at the end.
function(kontain_script_test name script)
  cmake_parse_arguments(ARG "" "TIMEOUT;COST" "LABELS" ${ARGN})
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 300)
  endif()
  add_test(NAME "${name}" COMMAND bash "${CMAKE_CURRENT_SOURCE_DIR}/${script}")
  set_tests_properties("${name}" PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT ${ARG_TIMEOUT} LABELS "${ARG_LABELS}"
    ENVIRONMENT "KONTAIN_SDK=${KONTAIN_SDK_DIR};KONTAIN_SOURCE=${CMAKE_SOURCE_DIR};KONTAIN_BUILD=${CMAKE_BINARY_DIR}")
  if(ARG_COST)
    set_tests_properties("${name}" PROPERTIES COST ${ARG_COST})
  endif()
endfunction()
