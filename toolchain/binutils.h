// The tools for object files beside the compiler: LLVM's own, in this process.
#pragma once

namespace kontain::toolchain {

// Each does what its command line asks, as main() would, and returns the exit status. Messages go to stderr under the
// name of tool_name(). They look at that name: ar is also ranlib, objcopy is also strip.
int run_ar(int argc, char** argv);
int run_nm(int argc, char** argv);
int run_objcopy(int argc, char** argv);
int run_objdump(int argc, char** argv);
int run_readelf(int argc, char** argv);
int run_size(int argc, char** argv);

}  // namespace kontain::toolchain
