#include "imagebuild/build/mode.h"

#include "base/text.h"

namespace kontain::image::build {
namespace {

constexpr uint32_t kUser = 04700, kGroup = 02070, kOther = 01007;

uint32_t who_bits(char c) {
  switch (c) {
    case 'u': return kUser;
    case 'g': return kGroup;
    case 'o': return kOther;
    case 'a': return 07777;
    default: return 0;
  }
}

uint32_t permission_bits(char c) {
  switch (c) {
    case 'r': return 0444;
    case 'w': return 0222;
    case 'x': return 0111;
    case 's': return 06000;
    case 't': return 01000;
    default: return 0;
  }
}

}  // namespace

Result<ModeChange> ModeChange::parse(std::string_view text) {
  const auto bad = [&] { return fail("--chmod", text, "it is no mode such as 755 or u=rwX,go=rX"); };
  ModeChange change;
  if (text.empty()) return bad();
  if (text.find_first_not_of("01234567") == std::string_view::npos) {
    if (text.size() > 5) return bad();
    change.absolute_ = true;
    for (char c : text) change.mode_ = change.mode_ * 8 + static_cast<uint32_t>(c - '0');
    if (change.mode_ > 07777) return bad();
    return change;
  }
  for (const std::string& part : split(text, ',')) {
    size_t at = 0;
    uint32_t who = 0;
    while (at < part.size() && who_bits(part[at]) != 0) who |= who_bits(part[at++]);
    if (at == part.size() || std::string_view("+-=").find(part[at]) == std::string_view::npos) return bad();
    Clause clause{who == 0 ? 07777 : who, part[at++], 0, false};
    for (; at < part.size(); ++at) {
      if (part[at] == 'X')
        clause.execute_if_any = true;
      else if (permission_bits(part[at]) != 0)
        clause.bits |= permission_bits(part[at]);
      else
        return bad();
    }
    change.clauses_.push_back(clause);
  }
  return change;
}

uint32_t ModeChange::apply(uint32_t mode, bool folder) const {
  if (absolute_) return mode_;
  for (const Clause& clause : clauses_) {
    uint32_t bits = clause.bits;
    if (clause.execute_if_any && (folder || (mode & 0111) != 0)) bits |= 0111;
    bits &= clause.who;
    if (clause.op == '+')
      mode |= bits;
    else if (clause.op == '-')
      mode &= ~bits;
    else
      mode = (mode & ~clause.who) | bits;
  }
  return mode;
}

}  // namespace kontain::image::build
