#include "krun/sandbox/mount_options.h"

#include <sys/mount.h>

#include <algorithm>

namespace kontain::krun::sandbox {
namespace {

#ifndef MOUNT_ATTR_NOSYMFOLLOW
constexpr uint64_t MOUNT_ATTR_NOSYMFOLLOW = 0x00200000;
#endif

enum class Kind : uint8_t { Attribute, Propagation, Switch, Nothing, Data };

// What a plain word does; attributes have a recursive sister with an "r" in front.
struct OptionRow {
  std::string_view name;
  Kind kind;
  uint64_t set;
  uint64_t clear;
  bool MountOptions::* target;
};

constexpr uint64_t kAtime = MOUNT_ATTR__ATIME;

constexpr OptionRow kOptions[] = {
    {"acl", Kind::Nothing, 0, 0, nullptr},
    {"async", Kind::Data, 0, 0, nullptr},
    {"atime", Kind::Attribute, 0, kAtime, nullptr},
    {"bind", Kind::Switch, 0, 0, &MountOptions::bind},
    {"defaults", Kind::Nothing, 0, 0, nullptr},
    {"dev", Kind::Attribute, 0, MOUNT_ATTR_NODEV, nullptr},
    {"diratime", Kind::Attribute, 0, MOUNT_ATTR_NODIRATIME, nullptr},
    {"dirsync", Kind::Data, 0, 0, nullptr},
    {"exec", Kind::Attribute, 0, MOUNT_ATTR_NOEXEC, nullptr},
    {"idmap", Kind::Switch, 0, 0, &MountOptions::idmap},
    {"iversion", Kind::Nothing, 0, 0, nullptr},
    {"lazytime", Kind::Data, 0, 0, nullptr},
    {"loud", Kind::Nothing, 0, 0, nullptr},
    {"mand", Kind::Data, 0, 0, nullptr},
    {"noacl", Kind::Nothing, 0, 0, nullptr},
    {"noatime", Kind::Attribute, MOUNT_ATTR_NOATIME, kAtime, nullptr},
    {"nodev", Kind::Attribute, MOUNT_ATTR_NODEV, 0, nullptr},
    {"nodiratime", Kind::Attribute, MOUNT_ATTR_NODIRATIME, 0, nullptr},
    {"noexec", Kind::Attribute, MOUNT_ATTR_NOEXEC, 0, nullptr},
    {"noiversion", Kind::Nothing, 0, 0, nullptr},
    {"nolazytime", Kind::Nothing, 0, 0, nullptr},
    {"nomand", Kind::Nothing, 0, 0, nullptr},
    {"norelatime", Kind::Attribute, 0, kAtime, nullptr},
    {"nostrictatime", Kind::Attribute, 0, kAtime, nullptr},
    {"nosuid", Kind::Attribute, MOUNT_ATTR_NOSUID, 0, nullptr},
    {"nosymfollow", Kind::Attribute, MOUNT_ATTR_NOSYMFOLLOW, 0, nullptr},
    {"private", Kind::Propagation, MS_PRIVATE, 0, nullptr},
    {"rbind", Kind::Switch, 0, 0, &MountOptions::bind_recursive},
    {"relatime", Kind::Attribute, 0, kAtime, nullptr},
    {"remount", Kind::Switch, 0, 0, &MountOptions::remount},
    {"ridmap", Kind::Switch, 0, 0, &MountOptions::idmap_recursive},
    {"ro", Kind::Attribute, MOUNT_ATTR_RDONLY, 0, nullptr},
    {"rprivate", Kind::Propagation, MS_PRIVATE | MS_REC, 0, nullptr},
    {"rshared", Kind::Propagation, MS_SHARED | MS_REC, 0, nullptr},
    {"rslave", Kind::Propagation, MS_SLAVE | MS_REC, 0, nullptr},
    {"runbindable", Kind::Propagation, MS_UNBINDABLE | MS_REC, 0, nullptr},
    {"rw", Kind::Attribute, 0, MOUNT_ATTR_RDONLY, nullptr},
    {"shared", Kind::Propagation, MS_SHARED, 0, nullptr},
    {"silent", Kind::Nothing, 0, 0, nullptr},
    {"slave", Kind::Propagation, MS_SLAVE, 0, nullptr},
    {"strictatime", Kind::Attribute, MOUNT_ATTR_STRICTATIME, kAtime, nullptr},
    {"suid", Kind::Attribute, 0, MOUNT_ATTR_NOSUID, nullptr},
    {"symfollow", Kind::Attribute, 0, MOUNT_ATTR_NOSYMFOLLOW, nullptr},
    {"sync", Kind::Data, 0, 0, nullptr},
    {"tmpcopyup", Kind::Switch, 0, 0, &MountOptions::copy_up},
    {"unbindable", Kind::Propagation, MS_UNBINDABLE, 0, nullptr},
};

const OptionRow* find(std::string_view name) {
  const auto* row = std::ranges::find(kOptions, name, &OptionRow::name);
  return row == std::end(kOptions) ? nullptr : row;
}

// The row of "rnoexec" and its like.
const OptionRow* find_recursive(std::string_view name) {
  if (name.empty() || name[0] != 'r') return nullptr;
  const OptionRow* row = find(name.substr(1));
  return row && row->kind == Kind::Attribute ? row : nullptr;
}

// A later word wins over an earlier one.
void change(AttributeChange& attributes, const OptionRow& row) {
  attributes.set = (attributes.set & ~row.clear) | row.set;
  attributes.clear = (attributes.clear & ~row.set) | row.clear;
  if (row.clear & kAtime) attributes.clear |= kAtime;
}

void apply(MountOptions& options, const OptionRow& row) {
  switch (row.kind) {
    case Kind::Attribute: change(options.attributes, row); break;
    case Kind::Propagation:
      options.propagation.push_back({row.set & ~uint64_t{MS_REC}, (row.set & MS_REC) != 0});
      break;
    case Kind::Switch: options.*row.target = true; break;
    case Kind::Data: options.data.emplace_back(row.name); break;
    case Kind::Nothing: break;
  }
}

}  // namespace

MountOptions parse_mount_options(const std::vector<std::string>& options) {
  MountOptions parsed;
  for (const std::string& option : options) {
    if (const OptionRow* row = find(option)) {
      apply(parsed, *row);
    } else if (const OptionRow* recursive = find_recursive(option)) {
      change(parsed.recursive_attributes, *recursive);
    } else if (!option.empty()) {
      parsed.data.push_back(option);
    }
  }
  return parsed;
}

Result<Propagation> parse_propagation(const std::string& word) {
  const OptionRow* row = find(word);
  if (!row || row->kind != Kind::Propagation) return fail("rootfsPropagation", word, "not known");
  return Propagation{row->set & ~uint64_t{MS_REC}, (row->set & MS_REC) != 0};
}

std::vector<std::string> mount_option_names() {
  std::vector<std::string> names;
  for (const OptionRow& row : kOptions) {
    names.emplace_back(row.name);
    if (row.kind == Kind::Attribute) names.push_back("r" + std::string(row.name));
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace kontain::krun::sandbox
