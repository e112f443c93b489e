#include "imagebuild/oci/json.h"
#include "imagebuild/store/files.h"
#include "imagebuild/store/store.h"

namespace kontain::image {

Result<void> Store::set_recipe(const Digest& image, std::string_view text) const {
  if (text.size() > kLargestDocument) return fail("recipe", image.brief(), "larger than 4 MiB");
  TRY_ASSIGN(const auto before, read_file_at(recipes_.get(), image.hex(), kLargestDocument));
  if (before == text) return {};
  return replace_file_at(recipes_.get(), image.hex(), tmp_.get(), text, Durability::Eventually);
}

Result<std::optional<std::string>> Store::recipe(const Digest& image) const {
  TRY_ASSIGN(auto text, read_file_at(recipes_.get(), image.hex(), kLargestDocument));
  if (text && text->empty()) return std::nullopt;  // lost by a power failure
  return text;
}

}  // namespace kontain::image
