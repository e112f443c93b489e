// What `kontain run` keeps of each kontainer: a folder FOLDER/ID with record.json, the bundle, and its output in `log`.
// The process that attends to the kontainer holds a lock on the record as long as it lives. A record that says
// "running" and is not locked was left by one that was killed: whoever comes across it takes away what it describes.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/unique_fd.h"
#include "cli/run/network.h"

namespace kontain::cli {

struct Record {
  std::string id;
  std::string image;
  int64_t created_ms = 0;
  bool running = true;
  bool mounted = false;  // rootfs is a mount
  bool keep = false;     // its log is of use when it has ended
  int exit_status = -1;  // when it has ended by itself
  std::optional<BridgePlan> network;
};

std::string encode_record(const Record& record);
Result<Record> decode_record(const std::string& text);

class RecordFolder {
 public:
  // Makes the folder, locked. Fails when there is one of that name.
  static Result<RecordFolder> make(const std::string& parent, const std::string& id);
  // Takes the lock of one that is there; nothing when somebody else has it.
  static Result<std::optional<RecordFolder>> adopt(const std::string& parent, const std::string& id);

  const std::string& path() const { return path_; }
  std::string file(const char* name) const { return path_ + "/" + name; }
  Result<Record> read() const;
  Result<void> write(const Record& record) const;  // at once, by rename
  // Everything but record.json and log.
  Result<void> remove_bundle() const;
  // All of it.
  Result<void> remove();

 private:
  RecordFolder(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  UniqueFd lock_;
};

// Names below `parent`, sorted.
std::vector<std::string> record_names(const std::string& parent);

// Only one process at a time changes what all kontainers share (the bridge, the addresses): held until it is closed.
Result<UniqueFd> lock_shared(const std::string& parent);

}  // namespace kontain::cli
