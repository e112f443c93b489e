#include "tests/fuzz/image_case.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "imagebuild/inspect/sbom.h"
#include "imagebuild/layer/apply.h"
#include "imagebuild/oci/model.h"
#include "imagebuild/oci/reference.h"
#include "imagebuild/payload/elf_needs.h"
#include "imagebuild/registry/auth.h"
#include "imagebuild/registry/client.h"
#include "imagebuild/registry/reply.h"
#include "imagebuild/transport/archive.h"

namespace kontain::image {
namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

// A folder of this process, with a sentinel beside the root that layers are applied to.
class Place {
 public:
  Place() {
    std::string made = (std::filesystem::temp_directory_path() / "kontain-fuzz.XXXXXX").string();
    require(mkdtemp(made.data()) != nullptr);
    path_ = made;
    std::filesystem::create_directory(root());
  }
  ~Place() {
    std::error_code ignored;
    std::filesystem::permissions(root(), std::filesystem::perms::owner_all, ignored);
    std::filesystem::remove_all(path_, ignored);
  }
  std::string root() const { return path_ + "/root"; }
  std::string store() const { return path_ + "/store"; }
  size_t neighbours() const {
    size_t count = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(path_)) ++count;
    return count;
  }

 private:
  std::string path_;
};

std::string lower_start(const std::string& url) {
  std::string start = url.substr(0, 64);
  for (char& c : start) c = static_cast<char>(tolower(static_cast<unsigned char>(c)));
  return start;
}

TarLimits small_limits() {
  TarLimits limits;
  limits.entries = 2000;
  limits.bytes = 1 << 20;
  return limits;
}

void read_archive(std::string_view input) {
  const Place place;
  const auto store = Store::open(place.store());
  require(store.has_value());
  StringSource source(input);
  if (const auto found = import_archive(*store, source, "", Platforms::ThisOne)) {
    require(store->has(found->descriptor.digest));
    require(store->select_platform(found->descriptor).has_value());
  }
}

}  // namespace

void fuzz_documents(std::string_view input) {
  if (input.empty()) return;
  const char choice = input[0];
  input.remove_prefix(1);
  switch (choice % 4) {
    case 0:
      if (const auto manifest = parse_manifest(input)) {
        const std::string text = to_text(*manifest);
        require(to_text(*parse_manifest(text)) == text);
      }
      break;
    case 1:
      if (const auto index = parse_index(input)) {
        const std::string text = to_text(*index);
        require(to_text(*parse_index(text)) == text);
      }
      break;
    case 2:
      if (const auto config = parse_config(input)) {
        const std::string text = to_text(*config);
        require(to_text(*parse_config(text)) == text);
      }
      break;
    default:
      if (const auto reference = Reference::parse(input)) {
        require(Reference::parse(reference->text())->text() == reference->text());
      }
  }
}

void fuzz_layer(std::string_view input) {
  const Place place;
  const UniqueFd root(open(place.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  require(static_cast<bool>(root));
  StringSource source(input);
  ApplyOptions options;
  options.limits = small_limits();
  static_cast<void>(apply_layer(root.get(), source, options));
  require(place.neighbours() == 1);
}

void fuzz_registry(std::string_view input) {
  if (input.empty()) return;
  const char choice = input[0];
  input.remove_prefix(1);
  switch (choice % 6) {
    case 0:
      if (const auto challenge = parse_challenge(input)) require(!challenge->scheme.empty());
      break;
    case 1: static_cast<void>(credentials_in(input, "registry.test", "config.json")); break;
    case 2: {
      HttpResponse response;
      response.status = 500;
      response.body = input;
      require(error_text(response).size() < 2000);
      break;
    }
    case 3: static_cast<void>(document_media_type(input)); break;
    case 4: {
      const auto where = upload_location("https://registry.test", std::string(input));
      if (!where) break;
      require(where->starts_with("https://"));
      if (same_origin(*where, "https://registry.test"))
        require(lower_start(*where).starts_with("https://registry.test"));
      break;
    }
    default: require(input.starts_with("0-") || received_bytes(input) == 0);
  }
}

void fuzz_contents(std::string_view input) {
  if (input.empty()) return;
  const char choice = input[0];
  input.remove_prefix(1);
  switch (choice % 4) {
    case 0: static_cast<void>(elf_needs(input)); break;
    case 1: static_cast<void>(read_dpkg_status(input)); break;
    case 2: static_cast<void>(read_apk_installed(input)); break;
    default: read_archive(input);
  }
}

}  // namespace kontain::image
