#include "imagebuild/registry/fetch.h"

namespace kontain::image {
namespace {

Result<Imported> from_store(const Store& store, const Locator& from, const FetchOptions& options) {
  const auto found = store.resolve(from.name);
  if (found) return Imported{*found, from.name};
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
