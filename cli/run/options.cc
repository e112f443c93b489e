#include "cli/run/options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.h"

namespace kontain::cli {
namespace {

constexpr size_t kLongestName = 64;

struct NetworkRow {
  Network network;
  const char* name;
};
constexpr NetworkRow kNetworks[] = {{Network::Auto, "auto"},   {Network::None, "none"},
                                    {Network::Host, "host"},   {Network::Bridge, "bridge"},
                                    {Network::Pasta, "pasta"}, {Network::Slirp4netns, "slirp4netns"}};

template <class T>
bool parse_whole(std::string_view text, T& value) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

bool parse_port(const std::string& text, uint16_t& port) { return parse_whole(text, port) && port != 0; }

bool is_address(const std::string& text) {
  in_addr address;
  return inet_pton(AF_INET, text.c_str(), &address) == 1;
}

bool is_address6(const std::string& text) {
  in6_addr address;
  return inet_pton(AF_INET6, text.c_str(), &address) == 1;
}

bool is_letter_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }

}  // namespace

Result<Publish> parse_publish(const std::string& text) {
  Publish publish;
  std::string ports = text;
  if (const size_t slash = ports.find('/'); slash != std::string::npos) {
    const std::string protocol = ports.substr(slash + 1);
    if (protocol != "tcp" && protocol != "udp") return fail("--publish", text, "the protocol is tcp or udp");
    publish.udp = protocol == "udp";
    ports.resize(slash);
  }
  std::vector<std::string> parts = split(ports, ':');
  if (parts.size() == 3) {
    publish.host_address = parts[0];
    if (!is_address(parts[0])) return fail("--publish", text, "the address is not an IPv4 address");
    parts.erase(parts.begin());
  }
  if (parts.size() == 1) parts.push_back(parts[0]);
  if (parts.size() != 2 || !parse_port(parts[0], publish.host_port) || !parse_port(parts[1], publish.port)) {
    return fail("--publish", text, "[ADDRESS:]PORT:PORT[/udp] is expected");
  }
  return publish;
}

Result<Volume> parse_volume(const std::string& text, const std::string& here) {
  std::vector<std::string> parts = split(text, ':');
  Volume volume;
  if (parts.size() == 3) {
    if (parts[2] != "ro" && parts[2] != "rw") return fail("--volume", text, "the option is ro or rw");
    volume.read_only = parts[2] == "ro";
    parts.pop_back();
  }
  if (parts.size() != 2 || parts[0].empty() || parts[1].empty() || parts[1][0] != '/') {
    return fail("--volume", text, "SOURCE:/TARGET[:ro] is expected");
  }
  volume.source = parts[0][0] == '/' ? parts[0] : here + "/" + parts[0];
  volume.target = parts[1];
  return volume;
}

Result<uint64_t> parse_size(const std::string& text) {
  constexpr std::string_view kUnits = "kmgt";
  std::string digits = text;
  unsigned shift = 0;
  if (!digits.empty()) {
    const char unit = static_cast<char>(digits.back() | 0x20);
    if (const size_t place = kUnits.find(unit); place != std::string_view::npos) {
      shift = 10 * static_cast<unsigned>(place + 1);
      digits.pop_back();
    }
  }
  uint64_t number = 0;
  if (!parse_whole(digits, number) || number == 0 || number > (std::numeric_limits<uint64_t>::max() >> 1 >> shift)) {
    return fail("--memory", text, "a size is expected: 64m, 2g");
  }
  return number << shift;
}

Result<std::string> parse_name_server(const std::string& text) {
  if (is_address(text) || is_address6(text)) return text;
  return fail("--dns", text, "is no address");
}

Result<Network> parse_network(const std::string& text) {
  for (const NetworkRow& row : kNetworks) {
    if (text == row.name) return row.network;
  }
  return fail("--network", text, "auto, none, host, bridge, pasta or slirp4netns is expected");
}

Result<void> check_name(const std::string& name) {
  const bool ok =
      !name.empty() && name.size() <= kLongestName && is_letter_or_digit(name[0]) &&
      std::ranges::all_of(name, [](char c) { return is_letter_or_digit(c) || c == '_' || c == '.' || c == '-'; });
  return ok ? Result<void>() : fail("--name", name, "1 to 64 letters, digits and _.- are expected");
}

}  // namespace kontain::cli
