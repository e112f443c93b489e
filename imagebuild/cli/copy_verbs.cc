// pull, push, copy: images from one place to another.
#include "imagebuild/cli/verbs.h"

namespace kontain::image::cli {
namespace {

Result<void> push_to(const Invocation& invocation, const Store& store, const Descriptor& image,
                     const std::string& name) {
  TRY_ASSIGN(const Reference reference, Reference::parse(name));
  return push_image(store, image, reference, invocation.registry, invocation.progress());
}

Result<int> run_pull(const Invocation& invocation, const std::string& source, Platforms platforms) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  FetchOptions options = invocation.fetch_options();
  options.platforms = platforms;
  const auto reference = Reference::parse(source);
  const bool by_name = reference && !reference->registry.empty();
  // A name with a registry is asked for there, whether the store has it or not.
  TRY_ASSIGN(const Imported image, by_name
                                       ? pull_image(store, *reference, options.registry, platforms, options.progress)
                                       : fetch_image(store, source, options));
  if (!image.name.empty()) TRY(store.tag(image.name, image.descriptor));
  TRY(print(image.descriptor.digest.text() + "\n"));
  return 0;
}

Result<int> run_push(const Invocation& invocation, const std::string& name, const std::string& destination) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Descriptor image, store.resolve(name));
  TRY(push_to(invocation, store, image, destination.empty() ? name : destination));
  TRY(print(image.digest.text() + "\n"));
  return 0;
}

Result<int> run_copy(const Invocation& invocation, const std::string& source, const std::string& destination) {
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  FetchOptions options = invocation.fetch_options();
  options.platforms = Platforms::All;
  TRY_ASSIGN(const Imported image, fetch_image(store, source, options));
  TRY(put_image(invocation, store, image.descriptor, image.name, destination));
  TRY(print(image.descriptor.digest.text() + "\n"));
  return 0;
}

}  // namespace

Result<void> put_image(const Invocation& invocation, const Store& store, const Descriptor& image,
                       const std::string& name, const std::string& output) {
  TRY_ASSIGN(const Locator to, Locator::parse_output(output));
  std::string target = to.name.empty() ? name : to.name;
  // A layout may call its images anything; everywhere else a name is repository and tag.
  const bool any_name = to.kind == LocatorKind::Layout || to.kind == LocatorKind::OciArchive;
  if (target.empty() && !any_name && to.kind != LocatorKind::DockerArchive) {
    return fail("--output", output, "the image needs a name");
  }
  if (!target.empty() && !any_name) {
    TRY_ASSIGN(const Reference reference, Reference::parse(target));
    target = reference.text();
  }
  if (to.kind == LocatorKind::Registry) return push_to(invocation, store, image, target);
  if (to.kind == LocatorKind::Store) return store.tag(target, image);
  return export_file(store, image, to, target);
}

void add_pull(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("pull", "bring an image into the store");
  auto source = std::make_shared<std::string>();
  auto all = std::make_shared<bool>(false);
  verb->add_option("IMAGE", *source, "registry/name, oci:, oci-archive:, docker-archive: or a path")->required();
  verb->add_flag("--all-platforms", *all, "not only linux/amd64");
  verb->callback([&invocation, source, all] {
    invocation.run = [&invocation, source, all] {
      return run_pull(invocation, *source, *all ? Platforms::All : Platforms::ThisOne);
    };
  });
}

void add_push(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("push", "send an image of the store to a registry");
  auto name = std::make_shared<std::string>();
  auto destination = std::make_shared<std::string>();
  verb->add_option("IMAGE", *name, "name in the store")->required();
  verb->add_option("DESTINATION", *destination, "registry/name[:tag], when it is another one");
  verb->callback([&invocation, name, destination] {
    invocation.run = [&invocation, name, destination] { return run_push(invocation, *name, *destination); };
  });
}

void add_copy(CLI::App& app, Invocation& invocation) {
  CLI::App* verb = app.add_subcommand("copy", "copy an image from any place to any other");
  auto source = std::make_shared<std::string>();
  auto destination = std::make_shared<std::string>();
  verb->add_option("SOURCE", *source)->required();
  verb->add_option("DESTINATION", *destination, "as --output of a build")->required();
  verb->callback([&invocation, source, destination] {
    invocation.run = [&invocation, source, destination] { return run_copy(invocation, *source, *destination); };
  });
}

}  // namespace kontain::image::cli
