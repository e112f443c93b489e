#!/bin/bash
# build.sh OUT: makes OUT/sysroot (C and C++ libraries, headers, the kernel's headers) and OUT/clang (clang's own headers,
# compiler-rt), everything that kontain-gcc needs besides itself. The compiler is clang-19 of Debian; nothing of the
# host's C library goes in. The result is kept outside the tree, named by the content of everything it is made of: this
# folder, the pinned sources, the compiler, the kernel's headers. With it there, this is a copy of some seconds.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:?usage: build.sh OUT}
fetch="$here/../../tools/dev/fetch-source.sh"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/kontain/sysroot
llvm=${KONTAIN_LLVM_ROOT:-/usr/lib/llvm-19}
resources=$llvm/lib/clang/19
target=x86_64-linux-musl
jobs=$(nproc)
export LC_ALL=C SOURCE_DATE_EPOCH=1
unset CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH LIBRARY_PATH CFLAGS CXXFLAGS LDFLAGS MAKEFLAGS

say() { echo "sysroot: $*" >&2; }
die() {
  say "error: $*"
  exit 1
}

version_of() { awk -v name="$1" '$1 == name { print $2 }' "$here/sources.txt"; }

content_key() {
  {
    (cd "$here" && find . -type f -print0 | sort -z | xargs -0 sha256sum)
    "$llvm/bin/clang" --version
    dpkg-query -W -f '${Package} ${Version}\n' linux-libc-dev 2>/dev/null || sha256sum /usr/include/linux/version.h
  } | sha256sum | cut -c1-16
}

# source_of PACKAGE PATTERN...: unpacks those parts of the upstream archive into $work/PACKAGE.
source_of() {
  local package=$1 folder
  shift
  folder=$("$fetch" "$package" "$(version_of "$package")") || die "$package: its source is not to be had"
  mkdir -p "$work/$package"
  tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C "$work/$package" --strip-components=1 \
    --no-same-owner --wildcards --no-wildcards-match-slash "$@"
  tar -xf "$(find "$folder" -name '*.debian.tar.*')" -C "$work/$package" --no-same-owner
}

# step NAME COMMAND...: with its output in a file that is shown when it fails.
step() {
  local name=$1 start=$SECONDS status
  shift
  say "$name"
  # Not in a condition, where set -e would have no effect.
  set +e
  (
    set -e
    "$@"
  ) >"$work/$name.log" 2>&1 </dev/null
  status=$?
  set -e
  [ "$status" -eq 0 ] || { tail -n 40 "$work/$name.log" >&2; die "$name failed"; }
  say "$name took $((SECONDS - start)) s"
}

compiler="$llvm/bin/clang --target=$target --no-default-config --gcc-toolchain=$here -fuse-ld=lld"
# Names of the build machine's folders would make two builds differ.
prefix_map() { echo "-ffile-prefix-map=$work=/kontain"; }

build_musl() {
  source_of musl '*'
  cd "$work/musl"
  cp -r "$here/musl-overlay/." .
  patch -p1 --no-backup-if-mismatch <"$here/musl.patch"
  mkdir -p src/fts
  cp debian/musl-fts/fts.c debian/musl-fts/config.h src/fts/
  cp debian/musl-fts/fts.h include/
  CC="$compiler -rtlib=compiler-rt" AR="$llvm/bin/llvm-ar" RANLIB="$llvm/bin/llvm-ranlib" \
    CFLAGS="-fPIE -Wno-unused-command-line-argument $(prefix_map)" \
    LIBCC="$resources/lib/linux/libclang_rt.builtins-x86_64.a" \
    ./configure --target=$target --prefix=/usr --syslibdir=/lib --disable-gcc-wrapper
  make -j"$jobs"
  make install DESTDIR="$stage/sysroot"
  rm -f "$stage/sysroot/lib/ld-musl-x86_64.so.1"
  ln -s ../usr/lib/libc.so "$stage/sysroot/lib/ld-musl-x86_64.so.1"
}

# musl has no kernel interfaces of its own; its scsi/ and net/ headers replace the kernel's.
copy_kernel_headers() {
  local part
  for part in asm-generic drm linux misc mtd rdma sound video; do
    [ ! -d "/usr/include/$part" ] || cp -r "/usr/include/$part" "$stage/sysroot/usr/include/"
  done
  cp -r /usr/include/x86_64-linux-gnu/asm "$stage/sysroot/usr/include/"
}

# Clang's headers without those of other processors and languages.
copy_clang() {
  mkdir -p "$stage/clang/lib/linux"
  cp -r "$resources/include" "$stage/clang/"
  (
    cd "$stage/clang/include"
    rm -rf arm* riscv* hexagon* hvx* msp430* s390* vec* wasm* larchintrin* lasx* lsx* ppc* altivec* opencl* hlsl*
    rm -rf cuda_wrappers openmp_wrappers llvm_libc_wrappers llvm_offload_wrappers __clang_cuda* __clang_hip* profile xray
  )
}

# configure SOURCE BUILD OPTION...: CMake for the target, whose programs cannot be linked yet.
configure() {
  local source=$1 build=$2 flags
  shift 2
  flags="--no-default-config --gcc-toolchain=$here $(prefix_map)"
  cmake -G Ninja -S "$source" -B "$build" -DCMAKE_BUILD_TYPE=Release -DCMAKE_INSTALL_MESSAGE=NEVER \
    -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSROOT="$stage/sysroot" \
    -DCMAKE_C_COMPILER="$llvm/bin/clang" -DCMAKE_CXX_COMPILER="$llvm/bin/clang++" \
    -DCMAKE_ASM_COMPILER="$llvm/bin/clang" -DCMAKE_C_COMPILER_TARGET=$target -DCMAKE_CXX_COMPILER_TARGET=$target \
    -DCMAKE_ASM_COMPILER_TARGET=$target -DCMAKE_C_FLAGS="$flags" -DCMAKE_CXX_FLAGS="$flags" -DCMAKE_ASM_FLAGS="$flags" \
    -DCMAKE_AR="$llvm/bin/llvm-ar" -DCMAKE_RANLIB="$llvm/bin/llvm-ranlib" \
    -DCMAKE_TRY_COMPILE_TARGET_TYPE=STATIC_LIBRARY -DCMAKE_C_COMPILER_WORKS=1 -DCMAKE_CXX_COMPILER_WORKS=1 \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DCMAKE_DISABLE_FIND_PACKAGE_LLVM=ON -DCMAKE_DISABLE_FIND_PACKAGE_Clang=ON "$@"
}

unpack_llvm() {
  local parts
  mapfile -t parts < <(printf 'llvm-toolchain-*/%s\n' runtimes cmake llvm/cmake llvm/utils/llvm-lit libcxx libcxxabi \
    libunwind compiler-rt/cmake compiler-rt/lib/{builtins,ubsan_minimal,sanitizer_common})
  source_of llvm-toolchain-19 --exclude='*/test' "${parts[@]}"
}

# The unwinder and the C++ library in one configuration: they find each other through it.
build_cxx() {
  configure "$work/llvm-toolchain-19/runtimes" "$work/cxx" -DCMAKE_INSTALL_PREFIX="$stage/sysroot/usr" \
    -DLLVM_ENABLE_RUNTIMES="libunwind;libcxxabi;libcxx" -DLLVM_INCLUDE_TESTS=OFF -DLLVM_INCLUDE_DOCS=OFF \
    -DLLVM_ENABLE_PER_TARGET_RUNTIME_DIR=OFF -DLIBUNWIND_ENABLE_SHARED=OFF -DLIBUNWIND_USE_COMPILER_RT=ON \
    -DLIBCXXABI_ENABLE_SHARED=OFF -DLIBCXXABI_USE_LLVM_UNWINDER=ON -DLIBCXXABI_USE_COMPILER_RT=ON \
    -DLIBCXXABI_ENABLE_STATIC_UNWINDER=OFF -DLIBCXXABI_HAS_CXA_THREAD_ATEXIT_IMPL=OFF -DLIBCXX_ENABLE_SHARED=OFF -DLIBCXX_HAS_MUSL_LIBC=ON \
    -DLIBCXX_USE_COMPILER_RT=ON -DLIBCXX_CXX_ABI=libcxxabi -DLIBCXX_ENABLE_STATIC_ABI_LIBRARY=ON \
    -DLIBCXX_INCLUDE_BENCHMARKS=OFF -DLIBCXX_INCLUDE_TESTS=OFF -DLIBCXX_INSTALL_MODULES=OFF
  ninja -C "$work/cxx" -j"$jobs"
  ninja -C "$work/cxx" install
}

# What programs written for GCC's library expect of the headers. Nothing of it is in the libraries.
patch_cxx_headers() {
  patch -p1 --no-backup-if-mismatch -d "$stage/sysroot/usr/include/c++/v1" <"$here/libcxx-headers.patch"
}

build_builtins() {
  configure "$work/llvm-toolchain-19/compiler-rt/lib/builtins" "$work/builtins" -DLLVM_RUNTIMES_BUILD=ON \
    -DCOMPILER_RT_DEFAULT_TARGET_ONLY=ON -DCOMPILER_RT_BUILD_CRT=ON
  ninja -C "$work/builtins" -j"$jobs"
  find "$work/builtins" \( -name 'libclang_rt.*.a' -o -name 'clang_rt.*.o' \) -exec cp {} "$stage/clang/lib/linux/" \;
  ls "$stage/clang/lib/linux/"
}

# The runtime of -fsanitize=undefined: one file, which needs nothing but write(2).
build_ubsan() {
  local source=$work/llvm-toolchain-19/compiler-rt/lib
  $compiler --sysroot="$stage/sysroot" -resource-dir="$stage/clang" "$(prefix_map)" -x c++ -std=c++17 -O2 -fPIC -fno-exceptions \
    -fno-rtti -nostdinc++ -fno-builtin -I"$source" -c "$source/ubsan_minimal/ubsan_minimal_handlers.cpp" -o "$work/ubsan.o"
  "$llvm/bin/llvm-ar" rcs "$stage/clang/lib/linux/libclang_rt.ubsan_minimal-x86_64.a" "$work/ubsan.o"
}

# For dynamic programs, from the same objects: libc++ with its ABI library, and the unwinder.
link_shared() {
  local lib=$stage/sysroot/usr/lib
  local link="$llvm/bin/ld.lld -shared --hash-style=gnu --eh-frame-hdr -z now -z relro -L$lib"
  local builtins=$stage/clang/lib/linux/libclang_rt.builtins-x86_64.a
  $link -soname libunwind.so.1 -o "$lib/libunwind.so.1" --whole-archive "$lib/libunwind.a" --no-whole-archive -lc "$builtins"
  ln -sf libunwind.so.1 "$lib/libunwind.so"
  $link -soname libc++.so.1 -o "$lib/libc++.so.1" --whole-archive "$lib/libc++.a" --no-whole-archive "$lib/libunwind.so.1" \
    -lc "$builtins"
  ln -sf libc++.so.1 "$lib/libc++.so"
}

# __USE_ISOC11 is glibc's word for having aligned_alloc; without it that one would come from musl, and free from here.
# The placement of memory on NUMA nodes is not a payload's business: km refuses mbind.
build_mimalloc() {
  source_of mimalloc '*'
  cd "$work/mimalloc"
  grep -q 'defined(SYS_mbind)' src/os.c
  sed -i 's/defined(SYS_mbind)/0/' src/os.c
  $compiler --sysroot="$stage/sysroot" -resource-dir="$stage/clang" "$(prefix_map)" -O2 -fPIC -DNDEBUG -DMI_MALLOC_OVERRIDE=1 \
    -D__USE_ISOC11=1 -DMI_LIBC_MUSL=1 -fno-builtin-malloc -ftls-model=initial-exec -Iinclude -c src/static.c -o mimalloc.o
  "$llvm/bin/llvm-ar" rcs "$stage/sysroot/usr/lib/libmimalloc.a" mimalloc.o
  cp include/mimalloc*.h "$stage/sysroot/usr/include/"
}

# Names that command lines written for GCC ask for; everything behind them is in libc, compiler-rt or libunwind.
add_aliases() {
  local lib=$stage/sysroot/usr/lib name
  for name in atomic gcc gcc_s; do
    "$llvm/bin/llvm-ar" rcs "$lib/lib$name.a"
  done
  echo 'INPUT(-lunwind)' >"$lib/libgcc_eh.a"
  echo 'INPUT(-lc++ -lunwind)' >"$lib/libstdc++.a"
}

build_all() {
  mkdir -p "$stage/sysroot/lib"
  step musl build_musl
  step headers copy_kernel_headers
  step clang copy_clang
  step unpack unpack_llvm
  step builtins build_builtins
  step cxx build_cxx
  step cxx-headers patch_cxx_headers
  step ubsan build_ubsan
  step shared link_shared
  step mimalloc build_mimalloc
  step aliases add_aliases
}

key=$(content_key)
mkdir -p "$cache"
exec {lock}>"$cache/lock"
flock "$lock" # one build at a time: the next one finds its result
if [ ! -d "$cache/$key" ]; then
  work=$(mktemp -d "$cache/work.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  stage=$work/stage
  build_all
  mv -T "$stage" "$cache/$key"
fi
exec {lock}>&-
mkdir -p "$out"
for part in sysroot clang; do
  rm -rf "$out/$part.new"
  cp -a "$cache/$key/$part" "$out/$part.new"
  rm -rf "${out:?}/$part"
  mv "$out/$part.new" "$out/$part"
done
echo "$key" >"$out/sysroot.key"
