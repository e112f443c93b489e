#include "imagebuild/dockerfile/parser.h"

#include <catch2/catch.hpp>

using namespace kontain::image::dockerfile;

namespace {

// The one instruction behind FROM.
template <class T>
T only(const std::string& line) {
  const auto file = parse("FROM scratch\n" + line + "\n");
  if (!file) FAIL(file.error().text);
  REQUIRE(file->stages.size() == 1);
  REQUIRE(file->stages[0].instructions.size() == 1);
  return std::get<T>(file->stages[0].instructions[0].body);
}

std::string failure(std::string_view source) {
  const auto file = parse(source);
  if (file) return "it is accepted";
  return std::to_string(file.error().place.line) + ":" + std::to_string(file.error().place.column) + " " +
         file.error().text;
}

std::string failure_of(const std::string& line) { return failure("FROM scratch\n" + line); }

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("stages have images, names and platforms") {
  const auto file = parse("ARG v=1\nFROM --platform=linux/amd64 debian:$v AS Build\nRUN a\nfrom build\nRUN b\nRUN c");
  REQUIRE(file);
  CHECK(file->global_args.size() == 1);
  REQUIRE(file->stages.size() == 2);
  CHECK(file->stages[0].from.image == "debian:$v");
  CHECK(file->stages[0].from.stage == "build");
  CHECK(file->stages[0].from.platform == "linux/amd64");
  CHECK(file->stages[1].from.image == "build");
  CHECK(file->stages[1].instructions.size() == 2);
}

TEST_CASE("commands have an exec form and a shell form") {
  CHECK_FALSE(only<Cmd>("CMD [\"a\", \"b c\"]").command.shell);
  CHECK(only<Cmd>("CMD [\"a\", \"b c\"]").command.words == Words{"a", "b c"});
  CHECK(only<Cmd>("CMD []").command.words.empty());
  CHECK(only<Entrypoint>("ENTRYPOINT exec  top -b").command.words == Words{"exec  top -b"});
  CHECK(only<Entrypoint>("ENTRYPOINT exec  top -b").command.shell);
  // Not JSON: the shell's business.
  CHECK(only<Cmd>("CMD ['a']").command.words == Words{"['a']"});
  CHECK(only<Run>("RUN [ -e /x ] && y").command.shell);
  CHECK(only<Run>("RUN [\"a\"]").command.words == Words{"a"});
  CHECK(only<Run>("RUN --network=host a").network == RunNetwork::Host);
  CHECK(only<Run>("RUN a \\\n  --b").command.words == Words{"a   --b"});
}

TEST_CASE("RUN keeps its here-documents") {
  const auto run = only<Run>("RUN <<E sh\none\ntwo\nE");
  REQUIRE(run.heredocs.size() == 1);
  CHECK(run.heredocs[0].data == "one\ntwo\n");
  CHECK(run.command.words == Words{"<<E sh"});
}

TEST_CASE("names and values") {
  auto env = only<Env>("ENV a=1 b=\"x y\" c=d\\ e");
  REQUIRE(env.all.size() == 3);
  CHECK(env.all[1].name == "b");
  CHECK(env.all[1].value == "\"x y\"");
  CHECK(env.all[2].value == "d\\ e");
  env = only<Env>("ENV path /a  b=c");
  REQUIRE(env.all.size() == 1);
  CHECK(env.all[0].value == "/a  b=c");
  CHECK(only<Label>("LABEL \"a.b\"=c d=").all[1].value.empty());
  const auto arg = only<Arg>("ARG a b=c d=");
  CHECK_FALSE(arg.all[0].value);
  CHECK(arg.all[1].value == "c");
  CHECK(arg.all[2].value == "");
}

TEST_CASE("COPY and ADD") {
  auto copy = only<Copy>("COPY --from=b --chown=1:2 --chmod=755 --link --exclude=*.o --exclude=x a b* /d/");
  CHECK_FALSE(copy.add);
  CHECK(copy.from == "b");
  CHECK(copy.chown == "1:2");
  CHECK(copy.chmod == "755");
  CHECK(copy.link);
  CHECK(copy.exclude == Words{"*.o", "x"});
  CHECK(copy.sources == Words{"a", "b*"});
  CHECK(copy.destination == "/d/");
  copy = only<Copy>("COPY [\"a b\", \"c d\"]");
  CHECK(copy.sources == Words{"a b"});
  copy = only<Copy>("COPY <<one <<'two' plain /d/\n1\none\n$2\ntwo");
  REQUIRE(copy.inline_files.size() == 2);
  CHECK(copy.inline_files[1].name == "two");
  CHECK_FALSE(copy.inline_files[1].expand);
  CHECK(copy.sources == Words{"plain"});
  CHECK(only<Copy>("ADD --link=false --unpack=false a /").unpack == false);
  CHECK_FALSE(only<Copy>("ADD --link=false a /").link);
  CHECK(only<Copy>("ADD a /").add);
}

TEST_CASE("the other instructions") {
  CHECK(only<Workdir>("WORKDIR /a b").path == "/a b");
  CHECK(only<User>("USER me:us").name == "me:us");
  CHECK(only<StopSignal>("STOPSIGNAL SIGINT").signal == "SIGINT");
  CHECK(only<Expose>("EXPOSE 80 443/tcp").ports == Words{"80", "443/tcp"});
  CHECK(only<Volume>("VOLUME [\"/a b\"]").paths == Words{"/a b"});
  CHECK(only<Volume>("VOLUME /a /b").paths == Words{"/a", "/b"});
  CHECK(only<Shell>("SHELL [\"/bin/bash\", \"-c\"]").words == Words{"/bin/bash", "-c"});
  CHECK(only<Maintainer>("MAINTAINER a b").name == "a b");
  CHECK(only<OnBuild>("ONBUILD  RUN make").instruction == "RUN make");
  CHECK(only<OnBuild>("ONBUILD COPY <<E /f\nx\nE").instruction == "COPY <<E /f\nx\nE");
  const auto probe = only<HealthProbe>("HEALTHCHECK --interval=1m30s --timeout=500ms --retries=4 CMD curl x");
  CHECK(probe.interval == 90'000'000'000);
  CHECK(probe.timeout == 500'000'000);
  CHECK(probe.retries == 4);
  CHECK(probe.command.words == Words{"curl x"});
  CHECK(only<HealthProbe>("HEALTHCHECK none").none);
}

TEST_CASE("triggers are parsed when they are executed") {
  const auto trigger = parse_trigger("COPY <<E /f\nx\nE");
  REQUIRE(trigger);
  CHECK(std::get<Copy>(trigger->body).inline_files[0].data == "x\n");
  CHECK_FALSE(parse_trigger("FROM x"));
  CHECK_FALSE(parse_trigger("ONBUILD RUN x"));
  CHECK_FALSE(parse_trigger("RUN a\nRUN b"));
  CHECK_FALSE(parse_trigger(""));
}

TEST_CASE("problems have a place and a reason") {
  CHECK(failure("") == "0:0 there is no FROM in it");
  CHECK(failure("RUN x") == "1:1 no stage yet: only ARG may stand in front of the first FROM");
  CHECK(failure("FROM a b") == "1:6 FROM needs an image, and optionally AS and a name for the stage");
  CHECK(failure("FROM a AS 1b").starts_with("1:11 '1b' is no name for a stage"));
  CHECK(failure("FROM a AS b\nFROM c AS B") == "2:1 there are two stages 'b'");
  CHECK(failure_of("  FORM x") == "2:3 unknown instruction 'form': did you mean FROM?");
  CHECK(failure_of("wat") == "2:1 unknown instruction 'wat'");
  CHECK(failure_of("xylophone a") == "2:1 unknown instruction 'xylophone'");
  CHECK(failure_of("COPY a") == "2:6 there is only one path: the destination is missing");
  CHECK(failure_of("COPY --form=x a b") == "2:6 unknown option --form");
  CHECK(failure_of("COPY --from=x --from=y a b") == "2:6 --from is given twice");
  CHECK(failure_of("COPY --from a b") == "2:6 --from needs a value");
  CHECK(failure_of("COPY --link=maybe a b") == "2:6 --link: 'maybe' is neither true nor false");
  CHECK(failure_of("COPY [\"a\", 1]") == "2:6 the elements of the JSON array have to be strings");
  CHECK(failure_of("ENV a") == "2:5 'a' has no value: write NAME=value");
  CHECK(failure_of("ENV a=b c") == "2:5 there is no = in 'c': write NAME=value");
  CHECK(failure_of("ENV =b") == "2:5 there is no name in front of = in '=b'");
  CHECK(failure_of("ARG") == "2:4 ARG needs a name");
  CHECK(failure_of("RUN") == "2:4 RUN needs a command");
  CHECK(failure_of("SHELL sh -c") == "2:7 SHELL needs a JSON array of words");
  CHECK(failure_of("HEALTHCHECK --interval=1x CMD a").starts_with("2:13 --interval: '1x' is no time"));
  CHECK(failure_of("HEALTHCHECK a") == "2:13 HEALTHCHECK needs CMD and a command, or NONE");
  CHECK(failure_of("ONBUILD FROM x") == "2:9 'from' cannot be an ONBUILD trigger");
  CHECK(failure_of("ONBUILD COPY --form=x \\\n a b") == "2:14 unknown option --form");
  CHECK(failure_of("RUN --network=wifi a") == "2:5 --network: 'wifi' is none of default, none, host");
}

TEST_CASE("what is not supported is named") {
  CHECK(failure_of("RUN --mount=type=cache,target=/x a") ==
        "2:5 --mount=type=cache: mounts of RUN are not supported yet");
  CHECK(failure_of("RUN --mount=id=a,type=secret a") == "2:5 --mount=type=secret: mounts of RUN are not supported yet");
  CHECK(failure_of("ADD https://host/f /f") == "2:5 remote sources of ADD are not supported yet");
  CHECK(failure_of("ADD --checksum=sha256:1 f /f") == "2:5 --checksum: remote sources of ADD are not supported yet");
  CHECK(failure_of("RUN --security=insecure a") == "2:5 --security: RUN always executes inside a virtual machine");
}
