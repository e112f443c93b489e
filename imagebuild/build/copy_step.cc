#include "imagebuild/build/copy.h"

#include "imagebuild/build/stage_work.h"

namespace kontain::image::build {
namespace {

using dockerfile::Parsed;
using dockerfile::Place;
using dockerfile::problem;

bool names_folder(std::string_view destination) {
  return destination.ends_with('/') || destination == "." || destination.ends_with("/.");
}

class CopyStep {
 public:
  explicit CopyStep(StageWork& work) : work_(work) {}

  Parsed<bool> execute(const dockerfile::Copy& copy, const Expander& expand) {
    TRY_ASSIGN(CopyRequest request, copy_request(copy, expand));
    TRY_ASSIGN(const CopySource source, copy_source(copy, expand.place));
    // What is copied, whatever it is copied onto: this is what the step depends on, besides the image so far.
    TRY_ASSIGN(const Digest content, at(expand.place, source_digest(request, source)));
    StepKey key("copy");
    key.add(work_.built.key.text())
        .add(content.text())
        .add(request.destination)
        .add(request.into_folder ? "folder" : "");
    key.add(request.follow_destination ? "" : "link")
        .add(copy.chown)
        .add(request.owner ? owner_text(*request.owner) : "");
    return work_.step(key.digest(), expand.place, Changes::AddOnly, [&]() -> Result<LayerFiles> {
      TRY_ASSIGN(const auto image, work_.tree());
      return copy_files(request, source, *image);
    });
  }

 private:
  static std::string owner_text(const Identity& owner) {
    return std::to_string(owner.uid) + ":" + std::to_string(owner.gid);
  }

  static Result<Digest> source_digest(const CopyRequest& request, const CopySource& source) {
    TRY_ASSIGN(const LayerFiles files, copy_files(request, source, ImageTree()));
    return content_digest(files);
  }

  Parsed<CopyRequest> copy_request(const dockerfile::Copy& copy, const Expander& expand) {
    CopyRequest request;
    request.add = copy.add;
    request.unpack = copy.add && copy.unpack.value_or(true);
    for (const std::string& source : copy.sources) {
      TRY_ASSIGN(std::string expanded, expand(source));
      request.sources.push_back(std::move(expanded));
    }
    for (const auto& file : copy.inline_files) {
      InlineFile made{file.name, file.content()};
      if (file.expand) {
        TRY_ASSIGN(made.text, expanded_text(made.text, expand));
      }
      request.inline_files.push_back(std::move(made));
    }
    TRY_ASSIGN(const std::string destination, expand(copy.destination));
    request.into_folder = names_folder(destination);
    request.destination = absolute_path(work_.config().working_dir, destination);
    request.follow_destination = !copy.link;
    request.parents = copy.parents;
    request.epoch = work_.context.options.epoch;
    TRY(copy_options(copy, expand, request));
    return request;
  }

  Parsed<std::string> expanded_text(const std::string& text, const Expander& expand) const {
    auto out = work_.words.expand_text(text, expand.variables);
    if (!out) return problem(expand.place, out.error());
    return *out;
  }

  Parsed<bool> copy_options(const dockerfile::Copy& copy, const Expander& expand, CopyRequest& request) {
    for (const std::string& pattern : copy.exclude) {
      TRY_ASSIGN(const std::string expanded, expand(pattern));
      TRY(at(expand.place, request.exclude.add(expanded)));
    }
    if (!copy.chmod.empty()) {
      TRY_ASSIGN(const std::string mode, expand(copy.chmod));
      TRY_ASSIGN(request.mode, at(expand.place, ModeChange::parse(mode)));
    }
    if (copy.chown.empty()) return true;
    TRY_ASSIGN(const std::string owner, expand(copy.chown));
    TRY_ASSIGN(request.owner, identity(owner, expand.place));
    return true;
  }

  // Numbers need no look into the image.
  Parsed<Identity> identity(const std::string& text, Place place) {
    UserFiles files;
    if (text.find_first_not_of("0123456789:") != std::string::npos || text.find(':') == std::string::npos) {
      TRY_ASSIGN(const auto image, at(place, work_.tree()));
      files = image->users();
    }
    return at(place, find_identity(files, text));
  }

  Parsed<CopySource> copy_source(const dockerfile::Copy& copy, Place place) {
    if (copy.from.empty()) return work_.context.context;
    TRY_ASSIGN(const Origin origin,
               origin_of(work_.context.file, work_.context.options, work_.planned.index, copy.from, place));
    if (origin.kind == Origin::Kind::Context) {
      const std::string& path = work_.context.options.contexts.at(origin.name);
      auto folder = context::Folder::open(path);
      if (folder)
        return CopySource{std::make_shared<context::Folder>(std::move(*folder)), {}, "context '" + copy.from + "'", {}};
    }
    TRY_ASSIGN(const auto built, work_.built_origin(origin, place));
    return at(place, unpacked_source(*built, copy.from));
  }

  Result<CopySource> unpacked_source(const BuiltStage& built, const std::string& name) {
    TRY_ASSIGN(Workshop * workshop, work_.context.workshop());
    TRY_ASSIGN(const std::string unpacked, workshop->unpacked(built.layers));
    TRY_ASSIGN(context::Folder folder, context::Folder::open(workshop->path() + "/" + unpacked));
    auto tree = std::make_shared<ImageTree>();
    for (const StoredLayer& layer : built.layers) TRY(apply_to_tree(*tree, work_.context.store, layer));
    return CopySource{std::make_shared<context::Folder>(std::move(folder)), {}, "'" + name + "'", std::move(tree)};
  }

  StageWork& work_;
};

}  // namespace

Parsed<bool> copy_step(StageWork& work, const dockerfile::Copy& copy, const Expander& expand) {
  return CopyStep(work).execute(copy, expand);
}

}  // namespace kontain::image::build
