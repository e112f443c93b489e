#include "imagebuild/registry/fetch.h"

namespace kontain::image {
namespace {

// The complete name that `text` is short for; "" when it is a digest.
Result<std::string> name_in_store(const Store& store, const std::string& text) {
  const auto reference = Reference::parse(text);
  TRY_ASSIGN(const std::vector<NamedImage> images, store.list());
  for (const NamedImage& image : images) {
    if (image.name == text || (reference && image.name == reference->text())) return image.name;
  }
  return std::string();
}

Result<Imported> from_store(const Store& store, const Locator& from, const FetchOptions& options) {
  const auto found = store.resolve(from.name);
  if (found) {
    TRY_ASSIGN(const std::string name, name_in_store(store, from.name));
    return Imported{*found, name};
  }
  const auto reference = Reference::parse(from.name);
  const bool may_pull = options.missing == FetchOptions::Missing::Pull && reference && !reference->registry.empty();
  if (!may_pull) return tl::make_unexpected(found.error());
  return pull_image(store, *reference, options.registry, options.platforms, options.progress);
}

}  // namespace

Result<Imported> fetch_image(const Store& store, std::string_view source, const FetchOptions& options) {
  TRY_ASSIGN(const Locator from, Locator::parse_source(source));
  if (from.kind == LocatorKind::Store) return from_store(store, from, options);
  if (from.kind != LocatorKind::Registry) return import_file(store, from, options.platforms, options.progress);
  TRY_ASSIGN(const Reference reference, Reference::parse(from.name));
  return pull_image(store, reference, options.registry, options.platforms, options.progress);
}

}  // namespace kontain::image
