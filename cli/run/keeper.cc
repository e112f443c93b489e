#include "cli/run/keeper.h"

#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "base/subprocess.h"
#include "cli/fleet/places.h"
#include "cli/run/bundle.h"
#include "cli/run/network.h"
#include "cli/run/resolver.h"
#include "cli/run/source.h"
#include "cli/run/user_network.h"
#include "cli/support/files.h"

extern char** environ;

namespace kontain::cli {
namespace {

namespace fs = std::filesystem;

constexpr auto kRemovePatience = std::chrono::seconds(10);
constexpr auto kLook = std::chrono::milliseconds(20);

std::string krun() { return own_folder() + "/krun"; }

int64_t now_ms() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * 1000 + now.tv_nsec / 1'000'000;
}

std::string random_name() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::array<unsigned char, 6> bytes{};
  static_cast<void>(getrandom(bytes.data(), bytes.size(), 0));
  std::string name = "k";
  for (const unsigned char byte : bytes) name += {kDigits[byte >> 4], kDigits[byte & 15]};
  return name;
}

// The records of all others that have a place on the bridge.
std::vector<BridgePlan> plans_on_bridge(const std::string& except) {
  std::vector<BridgePlan> plans;
  for (const std::string& name : record_names(run_data_root())) {
    if (name == except) continue;
    const auto record = decode_record(read_text(run_data_root() + "/" + name + "/record.json").value_or(""));
    if (record && record->running && record->network) plans.push_back(*record->network);
  }
  return plans;
}

// What the record describes, whether it is there or not. To be called with the shared lock held.
Result<void> clear_away(const RecordFolder& folder, const Record& record) {
  if (!record.id.empty()) {
    static_cast<void>(run_subprocess({krun(), "--root", run_state_root(), "delete", "--force", record.id}));
  }
  if (record.network) disconnect(*record.network, plans_on_bridge(record.id).empty());
  return folder.remove_bundle();
}

void clear_away_stale_locked() {
  for (const std::string& name : record_names(run_data_root())) {
    auto adopted = RecordFolder::adopt(run_data_root(), name);
    if (!adopted || !*adopted) continue;
    auto record = (*adopted)->read();
    if (record && !record->running) continue;
    Result<void> done = clear_away(**adopted, record ? *record : Record());
    if (record && record->keep) {
      record->running = false;
      if (done) done = (*adopted)->write(*record);
    } else if (done) {
      done = (*adopted)->remove();
    }
    if (!done) print_warning("what " + name + " left: " + done.error().message());
  }
}

std::vector<std::pair<std::string, std::string>> own_environment() {
  std::vector<std::pair<std::string, std::string>> variables;
  for (char** entry = environ; *entry; ++entry) {
    const std::string text = *entry;
    const size_t equals = text.find('=');
    if (equals != std::string::npos) variables.emplace_back(text.substr(0, equals), text.substr(equals + 1));
  }
  return variables;
}

bool is_of_a_user(Network network) { return network == Network::Pasta || network == Network::Slirp4netns; }

Result<Network> choose_network(Network wanted, bool rootless) {
  if (wanted == Network::Auto && !rootless) return Network::Bridge;
  return wanted == Network::Auto || is_of_a_user(wanted) ? choose_user_network(wanted) : wanted;
}

// Refused before anything is made: what this user cannot have.
Result<Network> check(const RunOptions& options, bool rootless) {
  TRY_ASSIGN(const Network network, choose_network(options.network, rootless));
  if (network == Network::Bridge && rootless) return fail("--network", "bridge", "needs root");
  if (!options.publish.empty() && network != Network::Bridge && !is_of_a_user(network)) {
    return fail("--publish", "", "needs --network bridge, pasta or slirp4netns");
  }
  if (rootless && (options.memory != 0 || options.cpus > 0 || options.process_limit > 0)) {
    return fail("--memory, --cpus, --pids-limit", "", "need root");
  }
  for (const Volume& volume : options.volumes) {
    if (access(volume.source.c_str(), F_OK) != 0) return fail_errno("--volume", volume.source, errno);
  }
  return network;
}

Result<ImageDefaults> make_root(const RunOptions& options, Place& place) {
  TRY_ASSIGN(const SourceKind kind, kind_of_source(options.source));
  if (kind == SourceKind::Image) return unpack_image(options.source, place.folder, place.rootless);
  std::error_code error;
  place.program = fs::canonical(options.source, error);
  if (error) return fail_errno(options.source, "", error.value());
  TRY(make_empty_root(place.folder));
  return ImageDefaults();
}

Result<void> write_config(const RunOptions& options, const ImageDefaults& image, const Place& place) {
  TRY_ASSIGN(const nlohmann::ordered_json config, make_config(options, image, place));
  std::ofstream file(place.folder + "/config.json");
  file << config.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) << "\n";
  file.close();
  return file ? Result<void>() : fail_errno("cannot write", place.folder + "/config.json", errno);
}

Command krun_command(const Place& place) {
  return {krun(), "--root",   run_state_root(), "--log", place.folder + "/krun.log",
          "run",  "--bundle", place.folder,     place.id};
}

Result<void> join_bridge(Prepared& prepared, const RunOptions& options, Place& place) {
  const std::vector<BridgePlan> others = plans_on_bridge(place.id);
  std::vector<std::string> taken;
  for (const BridgePlan& plan : others) taken.push_back(plan.address);
  TRY_ASSIGN(const std::string address, choose_address(taken));
  prepared.record.network = BridgePlan{place.id, address, options.publish};
  TRY(prepared.folder.write(prepared.record));
  TRY(connect(*prepared.record.network, others.empty()));
  place.network_namespace = prepared.record.network->namespace_path();
  return {};
}

std::string choose_resolvers(Network network, const std::vector<std::string>& chosen) {
  const HostResolvers host = {read_text("/etc/resolv.conf").value_or(""), read_text(kUpstreamResolvers).value_or("")};
  std::string text = resolver_text(network, host, chosen);
  if (lost_every_server(host, text)) {
    print_warning(
        "the host's name server listens on a loopback address, where the bridge does not lead: names are not "
        "found inside (--dns ADDRESS)");
  }
  return text;
}

Result<void> fill(Prepared& prepared, const RunOptions& options, Network network) {
  Place place;
  place.id = prepared.record.id;
  place.folder = prepared.folder.path();
  place.image = options.source;
  place.rootless = geteuid() != 0;
  place.own_environment = own_environment();
  if (winsize size = {}; ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0) {
    place.terminal_rows = size.ws_row;
    place.terminal_columns = size.ws_col;
  }
  place.resolver = choose_resolvers(network, options.name_servers);
  TRY(prepared.folder.write(prepared.record));
  TRY_ASSIGN(const ImageDefaults image, make_root(options, place));
  const std::string root = place.folder + "/rootfs";
  TRY_ASSIGN(place.identity, find_identity(options.user.empty() ? image.user : options.user,
                                           read_in_root(root, "etc/passwd"), read_in_root(root, "etc/group")));
  prepared.command = krun_command(place);
  if (network == Network::Bridge) TRY(join_bridge(prepared, options, place));
  if (is_of_a_user(network)) prepared.user_network = {network, options.publish, prepared.folder.file("slirp.sock")};
  place.needs_user_namespace = place.rootless && !is_of_a_user(network);
  place.host_user = {geteuid(), getegid()};
  place.shares_network = is_of_a_user(network) || network == Network::Host;
  const std::string hostname = options.hostname.empty() ? place.id : options.hostname;
  std::vector<std::pair<std::string, std::string>> known;
  if (prepared.record.network) {
    for (const BridgePlan& plan : plans_on_bridge(place.id)) known.emplace_back(plan.address, plan.id);
  }
  TRY(write_network_files(place, hostname, prepared.record.network ? prepared.record.network->address : "", known));
  return write_config(options, image, place);
}

}  // namespace

Result<Prepared> prepare(const RunOptions& options) {
  TRY_ASSIGN(const Network network, check(options, geteuid() != 0));
  const std::string id = options.name.empty() ? random_name() : options.name;
  TRY(check_name(id));
  TRY_ASSIGN(const UniqueFd lock, lock_shared(run_data_root()));
  clear_away_stale_locked();
  TRY_ASSIGN(RecordFolder folder, RecordFolder::make(run_data_root(), id));
  Record record;
  record.id = id;
  record.image = options.source;
  record.created_ms = now_ms();
  record.keep = options.detach && !options.remove;
  Prepared prepared{std::move(folder), std::move(record), {}, {}};
  if (auto filled = fill(prepared, options, network); !filled) {
    static_cast<void>(clear_away(prepared.folder, prepared.record));
    static_cast<void>(prepared.folder.remove());
    return tl::make_unexpected(filled.error());
  }
  return prepared;
}

Result<void> finish(Prepared& prepared, int exit_status) {
  TRY_ASSIGN(const UniqueFd lock, lock_shared(run_data_root()));
  TRY(clear_away(prepared.folder, prepared.record));
  if (!prepared.record.keep) return prepared.folder.remove();
  prepared.record.running = false;
  prepared.record.exit_status = exit_status;
  return prepared.folder.write(prepared.record);
}

void clear_away_stale() {
  if (access(run_data_root().c_str(), W_OK) != 0) return;
  const auto lock = lock_shared(run_data_root());
  if (lock) clear_away_stale_locked();
}

bool is_running(const std::string& id) {
  const auto run = run_subprocess({krun(), "--root", run_state_root(), "state", id});
  return run && run->exit_code == 0 && run->out.find("\"status\": \"running\"") != std::string::npos;
}

Result<std::string> record_folder_of(const std::string& name) {
  TRY(check_name(name));
  std::string path = run_data_root() + "/" + name;
  if (access(path.c_str(), F_OK) != 0) return fail(name, "", "was not started by kontain run, or has been removed");
  return path;
}

Result<void> remove_record(const std::string& name, bool force) {
  TRY(record_folder_of(name));
  const auto end = std::chrono::steady_clock::now() + kRemovePatience;
  for (bool asked = false;;) {
    {
      TRY_ASSIGN(const UniqueFd lock, lock_shared(run_data_root()));
      TRY_ASSIGN(std::optional<RecordFolder> adopted, RecordFolder::adopt(run_data_root(), name));
      if (adopted) {
        const auto record = adopted->read();
        if (record && record->running) TRY(clear_away(*adopted, *record));
        return adopted->remove();
      }
    }
    // One that has ended may still be cleared away by the process that attended to it.
    if (!force && is_running(name)) return fail(name, "", "is running: stop it, or use --force");
    if (force && !asked) {
      static_cast<void>(run_subprocess({krun(), "--root", run_state_root(), "kill", "--all", name, "KILL"}));
      asked = true;
    }
    if (std::chrono::steady_clock::now() > end) return fail(name, "", "did not end");
    std::this_thread::sleep_for(kLook);
  }
}

}  // namespace kontain::cli
