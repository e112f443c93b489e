# LLVM, Clang and LLD as archives, X86 only: what releases carry. Fills in kontain_lld and kontain_clang.
set(clang_archives "")
foreach(part CodeGen Frontend ExtractAPI Driver Serialization Parse Sema Analysis APINotes Edit AST ASTMatchers Support
    Lex Basic InstallAPI Index ToolingCore Rewrite Format ToolingInclusions)
  if(EXISTS "${KONTAIN_LLVM_ROOT}/lib/libclang${part}.a")
    list(APPEND clang_archives "${KONTAIN_LLVM_ROOT}/lib/libclang${part}.a")
  endif()
endforeach()

set(llvm_config "${KONTAIN_LLVM_ROOT}/bin/llvm-config")
execute_process(
  COMMAND "${llvm_config}" --link-static --libfiles x86 x86disassembler lto option passes objcopy symbolize libdriver dlltooldriver
    coverage frontendopenmp frontenddriver
    frontendhlsl frontendoffloading windowsdriver windowsmanifest debuginfodwarf demangle textapi
  OUTPUT_VARIABLE llvm_archives OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(llvm_archives UNIX_COMMAND "${llvm_archives}")
list(FILTER llvm_archives EXCLUDE REGEX "Polly")

# An object library, so that its definitions are there before any archive is searched.
add_library(kontain_other_targets OBJECT "${CMAKE_CURRENT_LIST_DIR}/other_targets.cc")
target_link_libraries(kontain_other_targets PRIVATE kontain_flags kontain_llvm_headers)

set(system_archives -lz -lzstd)
target_link_libraries(kontain_lld INTERFACE kontain_llvm_headers $<TARGET_OBJECTS:kontain_other_targets>
  -Wl,--start-group ${lld_archives} ${llvm_archives} -Wl,--end-group ${system_archives})
target_link_libraries(kontain_clang INTERFACE kontain_llvm_headers $<TARGET_OBJECTS:kontain_other_targets>
  -Wl,--start-group ${clang_archives} ${llvm_archives} -Wl,--end-group ${system_archives})
target_link_libraries(kontain_binutils_llvm INTERFACE kontain_llvm_headers $<TARGET_OBJECTS:kontain_other_targets>
  -Wl,--start-group ${llvm_archives} -Wl,--end-group ${system_archives})
foreach(library kontain_lld kontain_clang kontain_binutils_llvm)
  target_link_options(${library} INTERFACE -fuse-ld=lld -static -Wl,--gc-sections)
endforeach()
