#include "cli/run/record.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "cli/support/files.h"

namespace kontain::cli {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr char kRecord[] = "record.json";
constexpr char kLock[] = "lock";
constexpr char kLog[] = "log";
constexpr char kSharedLock[] = ".lock";

Result<void> write_file(const std::string& path, const std::string& text) {
  const UniqueFd file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return fail_errno("record", path, errno);
  if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
    return fail_errno("record", path, errno);
  }
  return {};
}

Result<UniqueFd> open_lock(const std::string& path, int flags) {
  UniqueFd file(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
  if (!file) return fail_errno("record", path, errno);
  return file;
}

// The folders of images may be read-only for their owner: nothing below can be removed before that is changed.
void make_removable(const std::string& folder) {
  std::error_code error;
  fs::permissions(folder, fs::perms::owner_all, fs::perm_options::add, error);
  fs::recursive_directory_iterator entry(folder, error);
  for (; !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored) && !entry->is_symlink(ignored)) {
      fs::permissions(entry->path(), fs::perms::owner_all, fs::perm_options::add, ignored);
    }
  }
}

Result<void> remove_tree(const std::string& path) {
  std::error_code error;
  fs::remove_all(path, error);
  if (!error) return {};
  make_removable(path);
  fs::remove_all(path, error);
  if (error) return fail_errno("cannot remove", path, error.value());
  return {};
}

}  // namespace

std::string encode_record(const Record& record) {
  Json object = {{"id", record.id},
                 {"image", record.image},
                 {"created_ms", record.created_ms},
                 {"running", record.running},
                 {"mounted", record.mounted},
                 {"keep", record.keep},
                 {"exit_status", record.exit_status}};
  if (record.network) object["network"] = plan_as_json(*record.network);
  return object.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<Record> decode_record(const std::string& text) {
  // Its accessors throw on every type that is not expected.
  try {
    const Json object = Json::parse(text);
    Record record;
    record.id = object.at("id").get<std::string>();
    TRY(check_name(record.id));
    record.image = object.at("image").get<std::string>();
    record.created_ms = object.at("created_ms").get<int64_t>();
    record.running = object.at("running").get<bool>();
    record.mounted = object.at("mounted").get<bool>();
    record.keep = object.at("keep").get<bool>();
    record.exit_status = object.at("exit_status").get<int>();
    if (object.contains("network")) {
      TRY_ASSIGN(record.network, plan_of_json(object.at("network")));
    }
    return record;
  } catch (const nlohmann::json::exception&) {
    return fail("record", "", "is damaged");
  }
}

Result<RecordFolder> RecordFolder::make(const std::string& parent, const std::string& id) {
  std::error_code error;
  fs::create_directories(parent, error);
  if (error) return fail_errno("cannot make", parent, error.value());
  static_cast<void>(chmod(parent.c_str(), 0711));
  const std::string path = parent + "/" + id;
  if (mkdir(path.c_str(), 0711) != 0) {
    if (errno == EEXIST) return fail("--name", id, "is in use: kontain rm takes it away when it has ended");
    return fail_errno("cannot make", path, errno);
  }
  TRY_ASSIGN(UniqueFd lock, open_lock(path + "/" + kLock, O_CREAT));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return fail_errno("cannot lock", path, errno);
  return RecordFolder(path, std::move(lock));
}

Result<std::optional<RecordFolder>> RecordFolder::adopt(const std::string& parent, const std::string& id) {
  const std::string path = parent + "/" + id;
  TRY_ASSIGN(UniqueFd lock, open_lock(path + "/" + kLock, O_CREAT));
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return std::optional<RecordFolder>();
  return std::optional<RecordFolder>(RecordFolder(path, std::move(lock)));
}

Result<Record> RecordFolder::read() const {
  const auto text = read_text(file(kRecord));
  if (!text) return fail("record", path_, "is missing");
  return decode_record(*text);
}

Result<void> RecordFolder::write(const Record& record) const {
  const std::string next = file(kRecord) + ".new";
  TRY(write_file(next, encode_record(record)));
  if (rename(next.c_str(), file(kRecord).c_str()) != 0) return fail_errno("record", path_, errno);
  return {};
}

Result<void> RecordFolder::remove_bundle() const {
  for (const std::string& name : entries_of(path_)) {
    if (name != kRecord && name != kLock && name != kLog) TRY(remove_tree(path_ + "/" + name));
  }
  return {};
}

Result<void> RecordFolder::remove() {
  TRY(remove_bundle());
  return remove_tree(path_);
}

std::vector<std::string> record_names(const std::string& parent) {
  std::vector<std::string> names;
  for (std::string& name : entries_of(parent)) {
    if (check_name(name)) names.push_back(std::move(name));
  }
  return names;
}

Result<UniqueFd> lock_shared(const std::string& parent) {
  std::error_code error;
  fs::create_directories(parent, error);
  TRY_ASSIGN(UniqueFd lock, open_lock(parent + "/" + kSharedLock, O_CREAT));
  while (flock(lock.get(), LOCK_EX) != 0) {
    if (errno != EINTR) return fail_errno("cannot lock", parent, errno);
  }
  return lock;
}

}  // namespace kontain::cli
