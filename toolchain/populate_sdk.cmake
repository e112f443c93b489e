# Lays out what kontain-gcc needs besides itself under SDK/lib/kontain: the sysroot (musl and the kernel's headers) and
# clang's resource directory. Run as a script; file(COPY) leaves files alone that have not changed.
set(sysroot "${SDK}/lib/kontain/sysroot")
set(clang "${SDK}/lib/kontain/clang")
file(MAKE_DIRECTORY "${sysroot}/usr/include" "${sysroot}/usr/lib" "${sysroot}/lib" "${clang}/lib/linux")

file(COPY "${MUSL_INCLUDE_DIR}/" DESTINATION "${sysroot}/usr/include")
file(COPY "${MUSL_LIBRARY_DIR}/" DESTINATION "${sysroot}/usr/lib" FILES_MATCHING PATTERN "*.a" PATTERN "*.o"
  PATTERN "libc.so")
# The name a dynamic payload asks for; an image copies it from here.
file(CREATE_LINK ../usr/lib/libc.so "${sysroot}/lib/ld-musl-x86_64.so.1" SYMBOLIC)

# musl has no kernel interfaces of its own; its scsi/ and net/ headers replace the kernel's.
foreach(part asm-generic drm linux misc mtd rdma sound video)
  if(EXISTS "${LINUX_INCLUDE_DIR}/${part}")
    file(COPY "${LINUX_INCLUDE_DIR}/${part}" DESTINATION "${sysroot}/usr/include")
  endif()
endforeach()
file(COPY "${LINUX_ASM_DIR}" DESTINATION "${sysroot}/usr/include")

# Headers for other processors and for other languages stay away.
file(COPY "${CLANG_RESOURCE_DIR}/include" DESTINATION "${clang}"
  REGEX "/(arm|riscv|hexagon|hvx|msp430|s390|vec|wasm|larchintrin|lasx|lsx|ppc|altivec|opencl|hlsl)[^/]*$" EXCLUDE
  REGEX "/(cuda_wrappers|openmp_wrappers|ppc_wrappers|llvm_libc_wrappers|llvm_offload_wrappers|hlsl)$" EXCLUDE)
foreach(part clang_rt.crtbegin-x86_64.o clang_rt.crtend-x86_64.o libclang_rt.builtins-x86_64.a)
  file(COPY "${CLANG_RESOURCE_DIR}/lib/linux/${part}" DESTINATION "${clang}/lib/linux")
endforeach()
file(TOUCH "${STAMP}")
