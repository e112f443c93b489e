# LLVM, Clang and LLD as libraries: the interface targets kontain_lld and kontain_clang.
set(KONTAIN_LLVM_ROOT "/usr/lib/llvm-19" CACHE PATH "LLVM 19 with the development files of LLVM, Clang and LLD")

if(NOT EXISTS "${KONTAIN_LLVM_ROOT}/lib/liblldELF.a")
  message(FATAL_ERROR "No LLD library in ${KONTAIN_LLVM_ROOT}: install llvm-19-dev libclang-19-dev libclang-cpp19-dev "
    "liblld-19-dev libclang-rt-19-dev, or configure with -DKONTAIN_TOOLCHAIN=OFF")
endif()

add_library(kontain_llvm_headers INTERFACE)
target_include_directories(kontain_llvm_headers SYSTEM INTERFACE "${KONTAIN_LLVM_ROOT}/include")

set(lld_archives "${KONTAIN_LLVM_ROOT}/lib/liblldELF.a" "${KONTAIN_LLVM_ROOT}/lib/liblldCommon.a")

add_library(kontain_lld INTERFACE)
add_library(kontain_clang INTERFACE)
# What the binary tools need beyond the two.
add_library(kontain_binutils_llvm INTERFACE)
if(KONTAIN_STATIC_LLVM)
  include("${CMAKE_CURRENT_LIST_DIR}/static_llvm.cmake")
else()
  target_link_libraries(kontain_lld INTERFACE kontain_llvm_headers ${lld_archives}
    "${KONTAIN_LLVM_ROOT}/lib/libLLVM.so" z zstd)
  target_link_libraries(kontain_clang INTERFACE kontain_llvm_headers "${KONTAIN_LLVM_ROOT}/lib/libclang-cpp.so"
    "${KONTAIN_LLVM_ROOT}/lib/libLLVM.so")
  target_link_libraries(kontain_binutils_llvm INTERFACE kontain_llvm_headers "${KONTAIN_LLVM_ROOT}/lib/libLLVM.so")
endif()
