// What a kontainer starts from, laid out as a bundle's root file system.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/run/bundle.h"

namespace kontain::cli {

enum class SourceKind : uint8_t { Program, Image };

// A file that is a statically linked x86-64 ELF executable is a program, everything else names an image. A dynamic one
// is an error: the libraries that it was linked for are not in any root file system that could be made for it.
Result<SourceKind> kind_of_source(const std::string& source);

// Makes FOLDER/rootfs for a program: the folders that mounts need, users, nothing else.
Result<void> make_empty_root(const std::string& folder);

// Makes FOLDER/rootfs from an image, by kontain-build: a name in the local store, a layout, an archive.
Result<ImageDefaults> unpack_image(const std::string& source, const std::string& folder, bool rootless);

// A file of the image, read without following a link out of its root; empty when it cannot be read.
std::string read_in_root(const std::string& root, const std::string& path);

// Writes the files that are mounted at /etc/resolv.conf, hosts and hostname. `known`: address and name of others.
Result<void> write_network_files(const Place& place, const std::string& hostname, const std::string& address,
                                 const std::vector<std::pair<std::string, std::string>>& known);

}  // namespace kontain::cli
