#include "imagebuild/runenv/make_programs.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/subprocess.h"
#include "base/version.h"
#include "imagebuild/build/step_cache.h"

namespace kontain::image::runenv {
namespace {

namespace fs = std::filesystem;

std::string path_with_tools() {
  std::error_code error;
  const std::string tools = fs::read_symlink("/proc/self/exe", error).parent_path().string();
  const char* path = getenv("PATH");
  return "PATH=" + tools + ":" + (path != nullptr ? path : "/usr/bin:/bin");
}

std::string last_line(std::string_view text) {
  while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
  return std::string(text.substr(text.rfind('\n') + 1));
}

Result<void> run_make(const Recipe& recipe, const std::string& sources, const std::string& out,
                      const std::string& log) {
  const std::string work = out + ".work";
  fs::create_directories(work);
  fs::create_directories(out);
  const char* script = "cd \"$1\" && shift && exec \"$@\" 2>&1";
  const auto result = run_subprocess({"env", path_with_tools(), "LC_ALL=C", "TZ=UTC0", "SOURCE_DATE_EPOCH=0", "sh",
                                      "-c", script, "sh", work, recipe.folder + "/make", sources, out});
  fs::remove_all(work);
  if (!result) return tl::make_unexpected(result.error());
  std::ofstream(log) << result->out;
  if (result->signal == 0 && result->exit_code == 0) return {};
  return fail(recipe.folder + "/make", log, result->out.empty() ? "it failed" : last_line(result->out));
}

Result<std::string> key_of(const Recipe& recipe) {
  build::StepKey key("made");
  for (const char* name : {"/make", "/lock.json"}) {
    TRY_ASSIGN(const std::string text, read_recipe_file(recipe.folder + name));
    key.add(text);
  }
  return key.add(git_sha()).digest().hex();
}

}  // namespace

Result<void> make_programs(const Recipe& recipe, const std::string& folder, const std::string& cache) {
  TRY_ASSIGN(const std::string key, key_of(recipe));
  const std::string kept = cache + "/made-" + key;
  try {
    if (!fs::exists(kept)) {
      const std::string fresh = folder + "/fresh", part = kept + ".part";
      fs::create_directories(cache);
      TRY(run_make(recipe, folder + "/source", fresh, kept + ".log"));
      fs::remove_all(part);
      fs::copy(fresh, part, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
      fs::rename(part, kept);
    }
    fs::copy(kept, folder + "/made", fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  } catch (const fs::filesystem_error& error) {
    return fail_errno(error.path1().string(), "", error.code().value());
  }
  return {};
}

}  // namespace kontain::image::runenv
