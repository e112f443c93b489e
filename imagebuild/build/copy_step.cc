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
    TRY_ASSIGN(const From from, find_source(copy, expand.place));
    // What is copied, whatever it is copied onto: this is what the step depends on, besides the image so far.
    TRY_ASSIGN(const Digest content, at(expand.place, content_of(request, from)));
    StepKey key("copy");
    key.add(work_.built.key.text())
        .add(content.text())
        .add(request.destination)
        .add(request.into_folder ? "folder" : "");
    key.add(request.follow_destination ? "" : "link")
        .add(copy.chown)
        .add(request.owner ? owner_text(*request.owner) : "");
    // Of an archive `content` knows the bytes, not what becomes of its files.
    if (request.unpack) key.add("unpack").add(mode_).add(request.parents ? "parents" : "");
    return work_.step(key.digest(), expand.place, Changes::AddOnly, [&]() -> Result<LayerFiles> {
      TRY_ASSIGN(const auto image, work_.tree());
      TRY_ASSIGN(const CopySource source, open(from));
      return copy_files(request, source, *image);
    });
  }

 private:
  // Where COPY takes files from: an image, which is unpacked only when somebody has to look, or anything else.
  struct From {
    std::shared_ptr<const BuiltStage> image;
    CopySource source;
    std::string name;
  };

  static std::string owner_text(const Identity& owner) {
    return std::to_string(owner.uid) + ":" + std::to_string(owner.gid);
  }

  // The digest of the files as they are copied; of what is copied from an image it is known for layers seen before.
  Result<Digest> content_of(const CopyRequest& request, const From& from) {
    const Digest known_as = from.image ? key_of_copied(request, *from.image) : Digest();
    if (from.image) {
      if (const auto known = work_.context.cache.find_digest(known_as)) return *known;
    }
    TRY_ASSIGN(const CopySource source, open(from));
    CopyRequest packed = request;
    if (request.unpack) {
      packed.unpack = false;
      packed.parents = true;  // archives of one name in two folders are two files
    }
    TRY_ASSIGN(const LayerFiles files, copy_files(packed, source, ImageTree()));
    TRY_ASSIGN(Digest content, content_digest(files));
    if (from.image) TRY(work_.context.cache.remember_digest(known_as, content));
    return content;
  }

  Digest key_of_copied(const CopyRequest& request, const BuiltStage& image) const {
    StepKey key("copied");
    key.add(std::to_string(image.layers.size()));
    for (const StoredLayer& layer : image.layers) key.add(layer.diff_id.text());
    key.add_all(request.sources).add_all(exclude_).add(mode_).add(request.destination).add(work_.time_text());
    key.add(request.into_folder ? "folder" : "").add(request.parents ? "parents" : "");
    key.add(request.owner ? owner_text(*request.owner) : "");
    for (const InlineFile& file : request.inline_files) key.add(file.name).add(file.text);
    return key.digest();
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
      exclude_.push_back(expanded);
    }
    if (!copy.chmod.empty()) {
      TRY_ASSIGN(mode_, expand(copy.chmod));
      TRY_ASSIGN(request.mode, at(expand.place, ModeChange::parse(mode_)));
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

  Parsed<From> find_source(const dockerfile::Copy& copy, Place place) {
    From from{nullptr, work_.context.context, copy.from};
    if (copy.from.empty()) return from;
    TRY_ASSIGN(const Origin origin,
               origin_of(work_.context.file, work_.context.options, work_.planned.index, copy.from, place));
    if (origin.kind == Origin::Kind::Context) {
      auto folder = context::Folder::open(work_.context.options.contexts.at(origin.name));
      if (folder) {
        from.source = {
            std::make_shared<context::Folder>(std::move(*folder)), {}, "context '" + copy.from + "'", nullptr};
        return from;
      }
    }
    TRY_ASSIGN(from.image, work_.built_origin(origin, place));
    return from;
  }

  Result<CopySource> open(const From& from) {
    if (!from.image) return from.source;
    TRY_ASSIGN(Workshop * workshop, work_.context.workshop());
    TRY_ASSIGN(const std::string unpacked, workshop->unpacked(from.image->layers));
    TRY_ASSIGN(context::Folder folder, context::Folder::open(workshop->path() + "/" + unpacked));
    TRY_ASSIGN(auto tree, workshop->tree(from.image->layers));
    return CopySource{std::make_shared<context::Folder>(std::move(folder)), {}, "'" + from.name + "'", std::move(tree)};
  }

  StageWork& work_;
  std::vector<std::string> exclude_;  // expanded, as the mode
  std::string mode_;
};

}  // namespace

Parsed<bool> copy_step(StageWork& work, const dockerfile::Copy& copy, const Expander& expand) {
  return CopyStep(work).execute(copy, expand);
}

}  // namespace kontain::image::build
