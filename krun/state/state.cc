#include "krun/state/state.h"

#include <algorithm>

#include "krun/spec/reader.h"

namespace kontain::krun::state {
namespace {

using nlohmann::json;

struct StatusRow {
  Status status;
  const char* name;
};
constexpr StatusRow kStatus[] = {{Status::Creating, "creating"},
                                 {Status::Created, "created"},
                                 {Status::Running, "running"},
                                 {Status::Paused, "paused"},
                                 {Status::Stopped, "stopped"}};

constexpr std::string_view kIdCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-.";
constexpr size_t kLongestId = 1024;

json cgroup_as_json(const cgroup::Cgroup& cgroup) {
  json folders = json::object();
  for (const auto& [names, folder] : cgroup.folders()) folders[names] = folder;
  return {{"unified", cgroup.is_unified()}, {"folders", folders}};
}

cgroup::Cgroup read_cgroup(const spec::Reader& reader) {
  std::map<std::string, std::string> folders;
  reader["folders"].for_each_member([&](const std::string& names, const spec::Reader& member) {
    const std::string folder = member.text();
    // It is removed some day: never "/", and nothing relative.
    if (folder.size() < 2 || folder[0] != '/' || folder.find("/..") != std::string::npos) member.fail("is no folder");
    folders[names] = folder;
  });
  return cgroup::Cgroup(reader["unified"].boolean(), std::move(folders));
}

// Bytes that are no UTF-8 (a bundle's path) become U+FFFD: JSON has no place for them.
template <class Json>
std::string dump(const Json& value) {
  return value.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

const char* status_name(Status status) { return std::ranges::find(kStatus, status, &StatusRow::status)->name; }

std::string encode(const State& state) {
  json annotations = json::object();
  for (const auto& [key, value] : state.annotations) annotations[key] = value;
  return dump(json{{"id", state.id},
                   {"pid", state.pid},
                   {"startTime", state.start_time},
                   {"created", state.created},
                   {"bundle", state.bundle},
                   {"rootfs", state.rootfs},
                   {"createdAt", state.created_at},
                   {"owner", state.owner},
                   {"ociVersion", state.version},
                   {"hasPrivatePids", state.has_private_pids},
                   {"mountsBefore", state.mounts_before ? json(*state.mounts_before) : json()},
                   {"cgroup", cgroup_as_json(state.cgroup)},
                   {"ownsCgroup", state.owns_cgroup},
                   {"annotations", annotations}});
}

Result<State> decode(const std::string& text, const std::string& document) {
  TRY_ASSIGN(const json value, spec::parse_json(text, document));
  spec::ReadState shared{document, std::nullopt, {}};
  const spec::Reader top(shared, &value, "");
  State state;
  state.id = top["id"].required_text();
  state.pid = top["pid"].number_or<pid_t>(0);
  if (state.pid < 0) top["pid"].fail("is negative");
  state.start_time = top["startTime"].number_or<uint64_t>(0);
  state.created = top["created"].boolean();
  state.bundle = top["bundle"].text();
  state.rootfs = top["rootfs"].text();
  state.created_at = top["createdAt"].text();
  state.owner = top["owner"].text();
  state.version = top["ociVersion"].text();
  state.has_private_pids = top["hasPrivatePids"].boolean();
  state.mounts_before = top["mountsBefore"].number<int>();
  if (state.mounts_before && *state.mounts_before < 0) top["mountsBefore"].fail("is negative");
  state.cgroup = read_cgroup(top["cgroup"]);
  state.owns_cgroup = top["ownsCgroup"].boolean();
  top["annotations"].for_each_member(
      [&](const std::string& key, const spec::Reader& member) { state.annotations.emplace_back(key, member.text()); });
  if (shared.error) return tl::make_unexpected(*shared.error);
  return state;
}

Result<void> check_id(const std::string& id) {
  const bool ok = !id.empty() && id.size() <= kLongestId && id != "." && id != ".." &&
                  id.find_first_not_of(kIdCharacters) == std::string::npos;
  return ok ? Result<void>() : fail("container id", id, "invalid container ID format");
}

nlohmann::ordered_json describe(const State& state, Status status) {
  nlohmann::ordered_json shown = {{"ociVersion", state.version.empty() ? "1.2.0" : state.version},
                                  {"id", state.id},
                                  {"pid", status == Status::Stopped ? 0 : state.pid},
                                  {"status", status_name(status)},
                                  {"bundle", state.bundle},
                                  {"rootfs", state.rootfs},
                                  {"created", state.created_at},
                                  {"owner", state.owner}};
  if (!state.annotations.empty()) {
    nlohmann::ordered_json annotations = nlohmann::ordered_json::object();
    for (const auto& [key, value] : state.annotations) annotations[key] = value;
    shown["annotations"] = annotations;
  }
  return shown;
}

}  // namespace kontain::krun::state
