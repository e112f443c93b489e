// .dockerignore: which files of a build context do not exist for the build (Dockerfile reference, ".dockerignore file";
// a pattern that matches a folder matches what is in it, the last match decides). COPY's --exclude uses the same.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "imagebuild/context/glob.h"

namespace kontain::image::context {

class IgnoreList {
 public:
  IgnoreList() = default;
  // The file's text. Errors name the line.
  static Result<IgnoreList> parse(std::string_view text, std::string_view file_name);
  // One pattern; an empty one is none.
  Result<void> add(std::string_view pattern);

  // Whether the file at `path` (relative, without "." and "..") is left out.
  bool ignores(std::string_view path) const;
  // Whether something below a folder that is left out may be taken in again by a pattern with `!`.
  bool has_exceptions() const { return exceptions_; }
  bool empty() const { return patterns_.empty(); }

 private:
  struct Pattern {
    Glob glob;
    bool exception = false;
  };
  std::vector<Pattern> patterns_;
  bool exceptions_ = false;
};

// The path without ".", "..", repeated and trailing slashes, as if it began at the root, but without the first slash:
// "./a//b/" and "/a/b" and "../a/b" become "a/b", "." becomes "".
std::string clean_path(std::string_view path);

}  // namespace kontain::image::context
