#include "imagebuild/payload/payload.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <set>

#include "imagebuild/layer/layer.h"
#include "imagebuild/payload/closure.h"
#include "imagebuild/store/image.h"
#include "imagebuild/store/layer_cache.h"
#include "imagebuild/tar/reader.h"

namespace kontain::image {
namespace {

constexpr const char* kDefaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
constexpr int64_t kLatestTime = 253402300799;  // 9999-12-31: RFC 3339 has four digits

std::string base_name(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return "";
  const size_t slash = path.rfind('/', end);
  return path.substr(slash == std::string::npos ? 0 : slash + 1, end - (slash == std::string::npos ? -1 : slash));
}

Result<bool> is_program(const std::string& path) {
  std::array<char, 20> start{};
  const UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
  if (!fd) return fail_errno("open", path, errno);
  const ssize_t count = read(fd.get(), start.data(), start.size());
  // ELF64, little endian, x86-64 (elf(5)).
  return count == static_cast<ssize_t>(start.size()) &&
         std::string_view(start.data(), 6) == std::string_view(
                                                  "\x7f"
                                                  "ELF\x02\x01",
                                                  6) &&
         start[18] == 62 && start[19] == 0;
}

class Collector {
 public:
  explicit Collector(const PayloadRequest& request) : request_(request) { options_.mtime = request.epoch; }

  Result<LayerFiles> run() {
    if (!request_.payload.empty()) TRY(add_payload());
    for (const CopyRequest& copy : request_.copies) TRY(add_copy(copy));
    return complete_tree(std::move(files_), request_.epoch);
  }

 private:
  Result<void> add_payload() {
    TRY_ASSIGN(const bool program, is_program(request_.payload));
    if (!program) return fail("--payload", request_.payload, "not an x86-64 ELF program");
    TRY_ASSIGN(LayerFiles files, collect_tree(request_.payload, base_name(request_.payload), options_));
    files.front().entry.mode = 0755;
    return append(std::move(files));
  }

  Result<void> add_copy(const CopyRequest& copy) {
    std::string destination = copy.destination;
    if (destination.ends_with('/')) destination += base_name(copy.source);
    struct stat status{};
    if (stat(copy.source.c_str(), &status) != 0) return fail_errno("--copy", copy.source, errno);
    // As COPY does: a folder's content goes to the destination itself.
    if (S_ISDIR(status.st_mode)) destination = copy.destination;
    TRY_ASSIGN(LayerFiles files, collect_tree(copy.source, destination, options_));
    return append(std::move(files));
  }

  Result<void> append(LayerFiles files) {
    for (LayerFile& file : files) {
      if (request_.closure == PayloadRequest::Closure::Yes) TRY(add_closure(file));
      files_.push_back(std::move(file));
    }
    return {};
  }

  Result<void> add_closure(const LayerFile& file) {
    const auto* host = std::get_if<HostFile>(&file.content);
    if (!host || file.entry.type != EntryType::File) return {};
    TRY_ASSIGN(const bool program, is_program(host->path));
    if (!program) return {};
    TRY_ASSIGN(const std::vector<ClosureFile> needed, elf_closure(host->path));
    for (const ClosureFile& library : needed) {
      if (!closure_.insert(library.image_path).second) continue;
      TRY_ASSIGN(LayerFiles files, collect_tree(library.host_path, library.image_path, options_));
      for (LayerFile& found : files) files_.push_back(std::move(found));
    }
    return {};
  }

  const PayloadRequest& request_;
  TreeOptions options_;
  LayerFiles files_;
  std::set<std::string> closure_;
};

void set_variable(std::vector<std::string>& env, const std::string& assignment) {
  const std::string name = assignment.substr(0, assignment.find('=') + 1);
  for (std::string& old : env) {
    if (old.starts_with(name)) {
      old = assignment;
      return;
    }
  }
  env.push_back(assignment);
}

// What the image says of how to run it.
void configure(const PayloadRequest& request, ImageConfig& config) {
  RunConfig& run = config.config;
  config.created = timestamp(request.epoch);
  if (!request.payload.empty()) {
    run.entrypoint = {"/" + base_name(request.payload)};
    run.cmd.clear();
  }
  if (!request.arguments.empty()) run.cmd = request.arguments;
  if (run.env.empty()) run.env = {kDefaultPath};
  for (const std::string& assignment : request.env) set_variable(run.env, assignment);
  if (!request.user.empty()) run.user = request.user;
  if (!request.working_dir.empty()) run.working_dir = request.working_dir;
  for (const auto& [name, value] : request.labels) run.labels[name] = value;
}

}  // namespace

Result<CopyRequest> CopyRequest::parse(std::string_view text) {
  const size_t colon = text.rfind(":/");
  if (colon == std::string_view::npos || colon == 0) return fail("--copy", text, "SOURCE:/DESTINATION is expected");
  CopyRequest made{std::string(text.substr(0, colon)), std::string(text.substr(colon + 1))};
  if (!normal_path(made.destination)) return fail("--copy", text, "the destination is not a path inside an image");
  return made;
}

Result<Descriptor> build_payload(const Store& store, const PayloadRequest& request) {
  ImageConfig config;
  std::vector<StoredLayer> layers;
  if (!request.base.digest.empty()) {
    TRY_ASSIGN(const Descriptor selected, store.select_platform(request.base));
    TRY_ASSIGN(const Manifest base, store.manifest(selected));
    TRY_ASSIGN(config, store.config(base));
    TRY_ASSIGN(layers, layers_of(base, config));
  }
  TRY_ASSIGN(const LayerFiles files, Collector(request).run());
  if (!files.empty()) {
    const bool use = request.cache == PayloadRequest::Cache::Use;
    TRY_ASSIGN(const StoredLayer layer, use ? store_layer_cached(store, files, request.compression)
                                            : store_layer(store, files, request.compression));
    layers.push_back(layer);
    // What made the layer, but not where from: the folder of a build is no property of its result.
    config.history.push_back({timestamp(request.epoch), "kontain-build", "", "", false});
  }
  configure(request, config);
  return store_image(store, config, layers, request.annotations);
}

Result<std::vector<std::string>> plan_payload(const PayloadRequest& request) {
  TRY_ASSIGN(const LayerFiles files, Collector(request).run());
  std::vector<std::string> paths;
  for (const LayerFile& file : files) paths.push_back("/" + file.entry.path);
  return paths;
}

Result<int64_t> source_date_epoch() {
  const char* text = getenv("SOURCE_DATE_EPOCH");
  if (!text || !*text) return 0;
  const std::string_view view(text);
  int64_t value = 0;
  const auto [end, error] = std::from_chars(view.data(), view.data() + view.size(), value);
  if (error != std::errc() || end != view.data() + view.size() || value < 0 || value > kLatestTime) {
    return fail("SOURCE_DATE_EPOCH", view, "not a number of seconds");
  }
  return value;
}

std::string timestamp(int64_t seconds) {
  std::array<char, 32> text{};
  const time_t time = seconds;
  tm parts{};
  gmtime_r(&time, &parts);
  strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text.data();
}

}  // namespace kontain::image
