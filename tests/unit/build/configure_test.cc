#include "imagebuild/build/configure.h"

#include <catch2/catch.hpp>

#include "imagebuild/build/variables.h"
#include "imagebuild/dockerfile/parser.h"

using namespace kontain::image;
using namespace kontain::image::build;

namespace {

// The configuration after these instructions, on top of `config`.
dockerfile::Parsed<StageConfig> configured(const std::string& lines, StageConfig config = scratch_config()) {
  const auto file = dockerfile::parse("FROM scratch\n" + lines);
  REQUIRE(file);
  const dockerfile::ShellWords words(file->escape);
  for (const auto& instruction : file->stages[0].instructions) {
    const auto lookup = [&](std::string_view name) { return environment_value(config.image.config.env, name); };
    const auto done = configure(config, instruction.body, {words, lookup, instruction.place});
    if (!done) return tl::make_unexpected(done.error());
  }
  return config;
}

RunConfig run_config(const std::string& lines) {
  const auto config = configured(lines);
  if (!config) FAIL(config.error().text);
  return config->image.config;
}

std::string failure(const std::string& lines) {
  const auto config = configured(lines);
  return config ? "it is accepted" : config.error().text;
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("an image without a base has a PATH") {
  CHECK(run_config("").env == Words{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"});
  CHECK(run_config("").working_dir == "/");
}

TEST_CASE("the variables of one ENV line see those before it") {
  const auto config = run_config("ENV a=1\nENV a=2 b=$a\nENV c=\"x y\" PATH=/p:$PATH\n");
  CHECK(config.env ==
        Words{"PATH=/p:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "a=2", "b=1", "c=x y"});
}

TEST_CASE("commands") {
  CHECK(run_config("CMD a b").cmd == Words{"/bin/sh", "-c", "a b"});
  CHECK(run_config("CMD [\"a\", \"$b\"]").cmd == Words{"a", "$b"});
  CHECK(run_config("SHELL [\"/bin/bash\", \"-ec\"]\nENTRYPOINT x").entrypoint == Words{"/bin/bash", "-ec", "x"});
  CHECK(run_config("CMD a\nENTRYPOINT [\"x\"]").cmd == Words{"/bin/sh", "-c", "a"});
  StageConfig base = scratch_config();
  base.image.config.cmd = {"theirs"};
  CHECK(configured("ENTRYPOINT [\"x\"]", base)->image.config.cmd.empty());
  CHECK(configured("LABEL a=b", base)->image.config.cmd == Words{"theirs"});
}

TEST_CASE("ports, volumes, users, signals, labels") {
  CHECK(run_config("EXPOSE 80 53/UDP 9000-9002/tcp 80").exposed_ports ==
        Words{"53/udp", "80/tcp", "9000/tcp", "9001/tcp", "9002/tcp"});
  CHECK(run_config("ENV v=/b\nVOLUME $v /a").volumes == Words{"/a", "/b"});
  CHECK(run_config("ENV u=me\nUSER ${u}:us").user == "me:us");
  CHECK(run_config("STOPSIGNAL SIGQUIT").stop_signal == "SIGQUIT");
  CHECK(run_config("STOPSIGNAL 9").stop_signal == "9");
  CHECK(run_config("LABEL a.b=\"c d\" e=f").labels == TextMap{{"a.b", "c d"}, {"e", "f"}});
  CHECK(run_config("HEALTHCHECK --timeout=3s CMD curl x").healthcheck->test == Words{"CMD-SHELL", "curl x"});
  CHECK(run_config("HEALTHCHECK --timeout=3s CMD [\"c\"]").healthcheck->timeout == 3'000'000'000);
  CHECK(run_config("HEALTHCHECK NONE").healthcheck->test == Words{"NONE"});
  CHECK(run_config("ONBUILD RUN a").on_build == Words{"RUN a"});
}

TEST_CASE("what means nothing is refused") {
  CHECK(failure("EXPOSE 0") == "EXPOSE: '0' is no port such as 80, 53/udp or 8000-8010");
  for (const char* port : {"65536", "80:80", "9-8", "80/icmp", "x", "80/"})
    CHECK(failure("EXPOSE " + std::string(port)) != "it is accepted");
  CHECK(failure("STOPSIGNAL SIGNOTHING") == "STOPSIGNAL: there is no signal 'SIGNOTHING'");
  CHECK(failure("ENV a=${b") == "'}' is missing in ${}");
  CHECK(failure("ENV $x=1") == "ENV: a name is empty");
}

TEST_CASE("triggers and author of a base are not the image's own") {
  ImageConfig base;
  base.config.on_build = {"RUN a"};
  base.author = "them";
  std::vector<std::string> triggers;
  const StageConfig config = base_config(base, triggers);
  CHECK(triggers == Words{"RUN a"});
  CHECK(config.image.config.on_build.empty());
  CHECK(config.image.author.empty());
}

TEST_CASE("paths and times") {
  CHECK(absolute_path("/a", "b/../c") == "/a/c");
  CHECK(absolute_path("/a", "/b/") == "/b");
  CHECK(absolute_path("", "x") == "/x");
  CHECK(absolute_path("/a", "../../..") == "/");
  CHECK(rfc3339(0) == "1970-01-01T00:00:00Z");
  CHECK(rfc3339(1767225600) == "2026-01-01T00:00:00Z");
}
