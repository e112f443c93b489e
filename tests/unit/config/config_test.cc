#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "km/config/config_file.h"
#include "km/config/options.h"

using namespace kontain;
using namespace kontain::config;

namespace {

// A file that is gone with the test.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text) {
    const int fd = mkstemp(path_);
    REQUIRE(fd >= 0);
    REQUIRE(write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
    close(fd);
  }
  ~TemporaryFile() { std::remove(path_); }
  std::string path() const { return path_; }

 private:
  char path_[32] = "/tmp/kontain-config-XXXXXX";
};

Result<Options> parse(std::vector<std::string> words, Sources sources = {"/nonexistent/km.json", {}}) {
  words.insert(words.begin(), "km");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  return parse_command_line(static_cast<int>(argv.size()), argv.data(), sources);
}

std::string error_of(const Result<Options>& result) { return result ? "" : result.error().message(); }

}  // namespace

TEST_CASE("config: everything behind the program is the program's") {
  const auto options = parse({"--trace=open", "prog", "--trace", "--", "-x"});
  REQUIRE(options);
  CHECK(options->program == "prog");
  CHECK(options->arguments == std::vector<std::string>{"--trace", "--", "-x"});
  CHECK(options->trace_filter == "open");
  CHECK(parse({"--", "--odd-name"})->program == "--odd-name");
  CHECK(parse({"--trace", "prog"})->trace_filter == "");
  CHECK_FALSE(parse({"prog"})->trace_filter);
}

TEST_CASE("config: each option sets its field") {
  const auto options = parse({"--thp", "off", "--randomize=off", "--argv0", "name", "--trace-file", "t", "prog"});
  REQUIRE(options);
  CHECK(options->huge_pages == Options::HugePages::Off);
  CHECK_FALSE(options->randomize);
  CHECK(options->argv0 == "name");
  CHECK(options->trace_file == "t");
  CHECK(parse({"--version"})->action == Options::Action::Version);
  CHECK(parse({"--help"})->action == Options::Action::Help);
  CHECK(parse({"--syscalls=markdown"})->report_format == "markdown");
  CHECK(parse({"--self-test=json"})->action == Options::Action::SelfTest);
}

TEST_CASE("config: a fixed clock and a seed") {
  CHECK_FALSE(parse({"p"})->clock);
  CHECK_FALSE(parse({"p"})->random_seed);
  const auto options = parse({"--clock=1.5", "--random-seed", "18446744073709551615", "p"});
  REQUIRE(options);
  CHECK(options->clock == 1'500'000'000);
  CHECK(options->random_seed == UINT64_MAX);
  CHECK(error_of(parse({"--clock=soon", "p"})) == "--clock: \"soon\": SECONDS[.FRACTION] is expected");
  CHECK(error_of(parse({"--random-seed=", "p"})) == "--random-seed: \"\": NUMBER is expected");
  CHECK(error_of(parse({"--random-seed=18446744073709551616", "p"})).ends_with("NUMBER is expected"));
  CHECK(error_of(parse({"--random-seed=-1", "p"})).ends_with("NUMBER is expected"));
  const Sources annotated = {"", {{"app.kontain.clock", "7"}, {"app.kontain.random-seed", "8"}}};
  CHECK(parse({"p"}, annotated)->clock == 7'000'000'000);
  CHECK(parse({"p"}, annotated)->random_seed == 8);
  const TemporaryFile numbers(R"({"clock": 7, "random-seed": 8, "locked": ["clock"]})");
  CHECK(parse({"p"}, {numbers.path(), {}})->clock == 7'000'000'000);
  CHECK(parse({"p"}, {numbers.path(), {}})->random_seed == 8);
  CHECK(error_of(parse({"--clock=1", "p"}, {numbers.path(), {}})) == "--clock: clock: locked by the administrator");
  const TemporaryFile negative(R"({"clock": -7})");
  CHECK(error_of(parse({"p"}, {negative.path(), {}}))
            .ends_with("a string or a number without sign and point is expected"));
}

TEST_CASE("config: errors of the command line name the option") {
  CHECK(error_of(parse({"--no-such-option", "x"})) == "--no-such-option: unknown option (km --help lists them)");
  CHECK(error_of(parse({"-x"})) == "-x: unknown option (km --help lists them)");
  CHECK(error_of(parse({"--config"})) == "--config: a value is missing: FILE");
  CHECK(error_of(parse({"--version=1"})) == "--version: 1: this option takes no value");
  CHECK(error_of(parse({"--thp=maybe", "x"})) == "--thp: \"maybe\": not one of auto|on|off");
  CHECK(error_of(parse({"--self-test=markdown"})) == "--self-test: \"markdown\": not one of text|json");
  CHECK(error_of(parse({})).rfind("no program: ", 0) == 0);
  CHECK(error_of(parse({"--config", "/nonexistent/x.json", "p"})).rfind("/nonexistent/x.json: ", 0) == 0);
}

TEST_CASE("config: a later source wins") {
  const TemporaryFile administrator(R"({"thp": "off", "randomize": false, "trace": "read"})");
  const TemporaryFile user(R"({"thp": "on", "trace": true})");
  Sources sources = {administrator.path(), {{"app.kontain.randomize", "on"}, {"org.other.key", "x"}}};
  const auto options = parse({"--config", user.path(), "p"}, sources);
  REQUIRE(options);
  CHECK(options->huge_pages == Options::HugePages::On);
  CHECK(options->trace_filter == "");
  CHECK(options->randomize);
  CHECK(parse({"--thp=auto", "p"}, sources)->huge_pages == Options::HugePages::Auto);
  CHECK(parse({"p"}, sources)->trace_filter == "read");
}

TEST_CASE("config: locked keys can be set nowhere else") {
  const TemporaryFile administrator(R"({"thp": "off", "locked": ["thp"]})");
  const TemporaryFile user(R"({"thp": "on"})");
  const Sources sources = {administrator.path(), {}};
  CHECK(parse({"p"}, sources)->huge_pages == Options::HugePages::Off);
  CHECK(error_of(parse({"--thp=on", "p"}, sources)) == "--thp: thp: locked by the administrator");
  CHECK(error_of(parse({"--config", user.path(), "p"}, sources)) == user.path() + ": thp: locked by the administrator");
  CHECK(error_of(parse({"p"}, {administrator.path(), {{"app.kontain.thp", "on"}}})) ==
        "app.kontain.thp: thp: locked by the administrator");
}

TEST_CASE("config: annotations are an allow-list") {
  const auto with = [](const char* key) { return parse({"p"}, {"/nonexistent", {{key, "x"}}}); };
  CHECK(error_of(with("app.kontain.trace-file")) == "app.kontain.trace-file: no annotation may set this");
  CHECK(error_of(with("app.kontain.nothing")) == "app.kontain.nothing: no annotation may set this");
}

TEST_CASE("config: broken files are named with the place") {
  const auto error = [](const std::string& text, Author author = Author::User) {
    const auto file = parse_config(text, "f", author);
    return file ? std::string() : file.error().message();
  };
  CHECK(error("{").rfind("f: not valid JSON: parse error at line 1, column 2", 0) == 0);
  CHECK(error("[]") == "f: a JSON object is expected");
  CHECK(error(R"({"no": 1})") == "f: no: unknown key");
  CHECK(error(R"({"thp": 1})") == "f: thp: a string is expected");
  CHECK(error(R"({"randomize": "on"})") == "f: randomize: true or false is expected");
  CHECK(error(R"({"trace": 7})") == "f: trace: a string, true or false is expected");
  CHECK(error(R"({"thp": "on", "thp": "off"})") == "f: thp: the key stands here twice");
  CHECK(error(R"({"argv0": "x"})") == "f: argv0: only the command line may set this");
  CHECK(error(R"({"locked": ["thp"]})") == "f: locked: only /etc/kontain/km.json may lock keys");
  CHECK(error(R"({"locked": "thp"})", Author::Administrator) == "f: locked: a list of keys is expected");
  CHECK(error(R"({"locked": ["x"]})", Author::Administrator) == "f: locked: unknown key \"x\"");
  CHECK(error(std::string(100000, '[')).rfind("f: not valid JSON", 0) == 0);
  CHECK(error("\xff\xfe").rfind("f: not valid JSON", 0) == 0);
}

TEST_CASE("config: a file above 1 MiB is refused") {
  const TemporaryFile large(std::string((1 << 20) + 1, ' '));
  CHECK(read_config(large.path(), Author::User).error().message() == large.path() + ": larger than 1 MiB");
}

TEST_CASE("config: docs/configuration.md is what the table says (km's unit test prints it when it differs)") {
  std::ifstream file(KONTAIN_SOURCE_DIR "/docs/configuration.md");
  std::stringstream text;
  text << file.rdbuf();
  CHECK(text.str() == options_as_markdown());
}

TEST_CASE("config: the help names every option") {
  for (const OptionRow& row : option_table())
    CHECK(help_text().find("--" + std::string(row.name)) != std::string::npos);
}
