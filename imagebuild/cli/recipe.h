// How an image was asked for, so that it can be made again: the command line, its folder and its time.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"

namespace kontain::image::cli {

struct Recipe {
  std::vector<std::string> arguments;  // without the program's name
  std::string directory;
  std::string epoch;  // $SOURCE_DATE_EPOCH, may be empty
};

Result<Recipe> current_recipe(const std::vector<std::string>& arguments);
std::string to_text(const Recipe& recipe);
Result<Recipe> parse_recipe(std::string_view text);

}  // namespace kontain::image::cli
