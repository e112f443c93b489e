// A folder of files that lives as long as a test.
#pragma once

#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include "imagebuild/context/folder.h"

namespace kontain::image::build {

class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "build-test.XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(path_); }

  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }
  void file(const std::string& name, const std::string& text = "x", unsigned mode = 0644) const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
    std::filesystem::permissions(path_ / name, std::filesystem::perms(mode));
  }
  std::shared_ptr<const context::Folder> open() const {
    auto folder = context::Folder::open(path_.string());
    REQUIRE(folder);
    return std::make_shared<const context::Folder>(std::move(*folder));
  }

 private:
  std::filesystem::path path_;
};

}  // namespace kontain::image::build
