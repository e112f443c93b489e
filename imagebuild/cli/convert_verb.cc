// convert: any image as a kontainer's.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/log.h"
#include "base/subprocess.h"
#include "imagebuild/build/roots.h"
#include "imagebuild/cli/verbs.h"
#include "imagebuild/convert/convert.h"
#include "imagebuild/oci/reference.h"

namespace kontain::image::cli {
namespace {

constexpr std::string_view kBaseDigest = "org.opencontainers.image.base.digest";

struct ConvertArguments {
  std::string image;
  std::string tag;
  std::string runenv;  // "python-3.11"
  std::string base;    // what it is built on
  std::vector<std::string> outputs;
  bool check = false;
};

Result<Descriptor> fetch_manifest(const Invocation& invocation, const Store& store, const std::string& source) {
  TRY_ASSIGN(const Imported image, fetch_image(store, source, invocation.fetch_options()));
  return store.select_platform(image.descriptor);
}

// The base that --base names, or that the image itself does.
Result<Descriptor> find_base(const Invocation& invocation, const Store& store, const Descriptor& image,
                             const ConvertArguments& arguments) {
  if (!arguments.base.empty()) return fetch_manifest(invocation, store, arguments.base);
  TRY_ASSIGN(const Manifest manifest, store.manifest(image));
  const auto named = manifest.annotations.find(std::string(kBaseDigest));
  if (named == manifest.annotations.end()) {
    return fail("--runenv", arguments.runenv, "the image does not say what it is built on: name it by --base");
  }
  TRY_ASSIGN(const Descriptor base, store.resolve(named->second));
  return store.select_platform(base);
}

// Runs `kontain check` over everything in the image that can be started; its status: 0 runs, 1 with notes, 2 will not.
Result<int> check_programs(const Store& store, const Descriptor& image) {
  std::error_code error;
  const auto own = std::filesystem::read_symlink("/proc/self/exe", error);
  const std::string checker = own.parent_path() / "kontain";
  if (access(checker.c_str(), X_OK) != 0) return fail_errno("--check", checker, errno);
  TRY_ASSIGN(const Manifest manifest, store.manifest(image));
  TRY_ASSIGN(const ImageConfig config, store.config(manifest));
  TRY_ASSIGN(const auto layers, layers_of(manifest, config));
  TRY_ASSIGN(const auto workshop, build::Workshop::create(store));
  TRY_ASSIGN(const std::string name, workshop->unpacked(layers));
  const std::string root = workshop->path() + "/" + name;
  TRY_ASSIGN(const SubprocessResult result, run_subprocess({checker, "check", "--root", root, root}));
  std::string text = result.out;
  for (size_t at = 0; (at = text.find(root, at)) != std::string::npos;) text.erase(at, root.size());
  TRY(print(text));
  if (result.signal != 0 || result.exit_code > 2)
    return fail("--check", checker, result.err.substr(0, result.err.find('\n')));
  return result.exit_code;
}

Result<int> run_convert(const Invocation& invocation, const ConvertArguments& arguments) {
  TRY_ASSIGN(const Reference name, Reference::parse(arguments.tag));
  TRY_ASSIGN(const Store store, invocation.open_store());
  TRY_ASSIGN(const Store::Session session, store.begin());
  TRY_ASSIGN(const Descriptor image, fetch_manifest(invocation, store, arguments.image));
  std::optional<convert::Replacement> replacement;
  if (!arguments.runenv.empty()) {
    replacement.emplace();
    TRY_ASSIGN(replacement->base, find_base(invocation, store, image, arguments));
    TRY_ASSIGN(replacement->runenv, fetch_manifest(invocation, store, "runenv-" + arguments.runenv));
  } else if (!arguments.base.empty()) {
    return fail("--base", arguments.base, "it is of use only with --runenv");
  }
  TRY_ASSIGN(const Descriptor converted, convert::convert_image(store, image, replacement));
  int status = 0;
  if (arguments.check) {
    TRY_ASSIGN(status, check_programs(store, converted));
  }
  TRY(store.tag(name.text(), converted));
  for (const std::string& output : arguments.outputs) TRY(put_image(invocation, store, converted, name.text(), output));
  TRY(print(name.text() + " " + converted.digest.text() + "\n"));
  return status == 2 ? kFailed : 0;
}

}  // namespace

void add_convert(CLI::App& app, Invocation& invocation) {
  CLI::App& verb =
      *app.add_subcommand("convert", "make a kontainer image of any image; untouched layers keep their digests");
  const auto arguments = std::make_shared<ConvertArguments>();
  verb.add_option("IMAGE", arguments->image)->required();
  verb.add_option("-t,--tag", arguments->tag, "name of the new image")->type_name("NAME[:TAG]")->required();
  verb.add_option("--runenv", arguments->runenv, "runtime that takes the place of the language base")
      ->type_name("NAME");
  verb.add_option("--base", arguments->base, "the base: the image that IMAGE is built on")->type_name("IMAGE");
  verb.add_flag("--check", arguments->check, "say of every program in it whether it will run; fail when one will not");
  verb.add_option("-o,--output", arguments->outputs, "also put it there; may be repeated")
      ->type_name("KIND[:PATH]")
      ->take_all()
      ->allow_extra_args(false);
  verb.callback([&invocation, arguments] {
    invocation.run = [&invocation, arguments] { return run_convert(invocation, *arguments); };
  });
}

}  // namespace kontain::image::cli
