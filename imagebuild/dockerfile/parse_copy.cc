#include "imagebuild/dockerfile/parse_copy.h"

#include <array>

#include "imagebuild/dockerfile/arguments.h"

namespace kontain::image::dockerfile {
namespace {

// What ADD would fetch from elsewhere.
bool is_remote(std::string_view source) {
  static constexpr std::array<std::string_view, 5> kSchemes = {"http://", "https://", "git://", "ssh://", "git@"};
  for (std::string_view scheme : kSchemes) {
    if (source.starts_with(scheme)) return true;
  }
  return false;
}

// Distributes the words on here-documents, sources and destination.
Parsed<bool> take_words(const Request& request, std::vector<std::string> words, Copy& copy) {
  if (words.empty()) return request.bad("it needs sources and a destination");
  if (words.size() == 1) return request.bad("there is only one path: the destination is missing");
  copy.destination = std::move(words.back());
  words.pop_back();
  size_t heredoc = 0;
  for (std::string& word : words) {
    if (heredoc < request.line.heredocs.size() && heredoc_start(word, request.escape)) {
      copy.inline_files.push_back(request.line.heredocs[heredoc++]);
    } else if (copy.add && is_remote(word)) {
      return problem(request.line.place_of(request.line.text.find(word)),
                     "remote sources of ADD are not supported yet");
    } else if (word.empty()) {
      return request.bad("an empty path");
    } else {
      copy.sources.push_back(std::move(word));
    }
  }
  if (heredoc < request.line.heredocs.size()) return request.bad("a here-document cannot be the destination");
  return true;
}

}  // namespace

Parsed<Body> parse_copy(const Request& request) {
  Copy copy;
  copy.add = request.split.name == "add";
  copy.from = flag_value(request.split, "from");
  copy.chown = flag_value(request.split, "chown");
  copy.chmod = flag_value(request.split, "chmod");
  TRY_ASSIGN(copy.link, flag_switch(request.split, "link", false));
  TRY_ASSIGN(copy.parents, flag_switch(request.split, "parents", false));
  for (const Flag& flag : request.split.flags) {
    if (flag.name == "exclude") copy.exclude.push_back(flag.value);
    if (flag.name == "unpack") {
      TRY_ASSIGN(copy.unpack, flag_switch(request.split, "unpack", true));
    }
  }
  auto words = json_words(request.split.rest);
  if (!words) return request.bad(words.error());
  auto all = *words ? std::move(**words) : blank_separated(request.split.rest);
  TRY(take_words(request, std::move(all), copy));
  return copy;
}

}  // namespace kontain::image::dockerfile
