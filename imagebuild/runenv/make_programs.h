// Programs that a recipe makes of sources with the SDK's compiler.
#pragma once

#include <string>

#include "base/error.h"
#include "imagebuild/runenv/recipe.h"

namespace kontain::image::runenv {

// Runs the recipe's file "make" with two arguments, `folder`/source (the files that the lock file names) and the folder
// to fill, which becomes `folder`/made. Its PATH begins with the tools beside this program, and it works in a folder
// that is removed afterwards. What it made is kept in `cache` by that file, the lock file and this program's version:
// the next time it is taken from there. A failure has the last line it printed and the name of a file with all of them.
Result<void> make_programs(const Recipe& recipe, const std::string& folder, const std::string& cache);

}  // namespace kontain::image::runenv
