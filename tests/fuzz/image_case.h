// What hostile bytes must not do to kontain-build, as functions that libFuzzer and a unit test call.
#pragma once

#include <string_view>

namespace kontain::image {

// Documents of images: what is accepted survives being written and read again. The first byte chooses.
void fuzz_documents(std::string_view input);
// A layer, compressed or not, applied to an empty folder: whatever it is, nothing appears beside the folder.
void fuzz_layer(std::string_view input);
// Replies of registries and the files of credentials. The first byte chooses.
void fuzz_registry(std::string_view input);
// ELF files, package databases and archives of images. The first byte chooses.
void fuzz_contents(std::string_view input);

}  // namespace kontain::image
