#include "imagebuild/cli/recipe.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstdlib>

#include "imagebuild/oci/json.h"

namespace kontain::image::cli {

Result<Recipe> current_recipe(const std::vector<std::string>& arguments) {
  std::array<char, PATH_MAX> folder{};
  if (!getcwd(folder.data(), folder.size())) return fail_errno("getcwd", "", errno);
  const char* epoch = getenv("SOURCE_DATE_EPOCH");
  return Recipe{arguments, folder.data(), epoch ? epoch : ""};
}

std::string to_text(const Recipe& recipe) {
  return canonical_json({{"arguments", recipe.arguments}, {"directory", recipe.directory}, {"epoch", recipe.epoch}});
}

Result<Recipe> parse_recipe(std::string_view text) {
  TRY_ASSIGN(const nlohmann::json document, parse_json(text, "recipe"));
  JsonReader::State state{"recipe", {}};
  const JsonReader from(state, &document);
  Recipe recipe{from["arguments"].texts(), from["directory"].required_text(), from["epoch"].text()};
  TRY(state.status);
  return recipe;
}

}  // namespace kontain::image::cli
