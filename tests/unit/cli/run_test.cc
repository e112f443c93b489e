#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "cli/run/bundle.h"
#include "cli/run/network.h"
#include "cli/run/options.h"
#include "cli/run/record.h"
#include "cli/run/resolver.h"
#include "cli/run/slirp.h"
#include "cli/run/source.h"
#include "cli/run/user_network.h"
#include "cli/support/spawn.h"

namespace kontain::test {
namespace {

using namespace cli;
using Json = nlohmann::ordered_json;

class Scratch {
 public:
  Scratch() {
    std::string pattern = (std::filesystem::temp_directory_path() / "kontain-run-XXXXXX").string();
    path_ = mkdtemp(pattern.data());
  }
  ~Scratch() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST_CASE("slirp4netns: requests for ports and their answers") {
  const Json all = Json::parse(forward_request(*parse_publish("8080:80")));
  CHECK(all["execute"] == "add_hostfwd");
  CHECK(all["arguments"]["proto"] == "tcp");
  CHECK(all["arguments"]["host_addr"] == "0.0.0.0");
  CHECK(all["arguments"]["host_port"] == 8080);
  CHECK(all["arguments"]["guest_port"] == 80);
  const Publish one = *parse_publish("127.0.0.1:53:5353/udp");
  const Json udp = Json::parse(forward_request(one));
  CHECK(udp["arguments"]["proto"] == "udp");
  CHECK(udp["arguments"]["host_addr"] == "127.0.0.1");

  CHECK(judge_answer(one, R"({"return": {"id": 1}})"));
  const auto refused =
      judge_answer(one, R"({"error": {"desc": "bad request: add_hostfwd: slirp_add_hostfwd failed"}})");
  REQUIRE(!refused);
  CHECK(refused.error().message() == "--publish: 127.0.0.1:53/udp: bad request: add_hostfwd: slirp_add_hostfwd failed");
  for (const char* bad :
       {"", "{", "[]", "7", R"({"error": 7})", R"({"error": {"desc": []}})", R"({"return": 1, "error": {}})"}) {
    CHECK(!judge_answer(one, bad));
  }
}

TEST_CASE("name servers that listen where no network leads") {
  const HostResolvers stub = {"# made by systemd-resolved\nnameserver 127.0.0.53\noptions edns0\nsearch example.org\n",
                              "nameserver 192.0.2.53\nsearch example.org\n"};
  const std::string rest = "options edns0\nsearch example.org\n";
  CHECK(resolver_text(Network::Pasta, stub, {}) == "nameserver 169.254.1.1\n" + rest);
  CHECK(resolver_text(Network::Slirp4netns, stub, {}) == "nameserver 10.0.2.3\n" + rest);
  CHECK(resolver_text(Network::Bridge, stub, {}) == "nameserver 192.0.2.53\n" + rest);
  CHECK(resolver_text(Network::Host, stub, {}) == "nameserver 127.0.0.53\n" + rest);
  CHECK(resolver_text(Network::Pasta, stub, {"192.0.2.1", "::1"}) == "nameserver 192.0.2.1\nnameserver ::1\n" + rest);

  const HostResolvers own = {"nameserver\t127.0.0.1 \nnameserver ::1\nnameserver 192.0.2.7\r\nnameservers x\n", ""};
  CHECK(resolver_text(Network::Pasta, own, {}) == "nameserver 169.254.1.1\nnameserver 192.0.2.7\n");
  CHECK(resolver_text(Network::Bridge, own, {}) == "nameserver 192.0.2.7\n");

  const HostResolvers alone = {"nameserver 127.0.0.1\n", ""};
  CHECK(lost_every_server(alone, resolver_text(Network::Bridge, alone, {})));
  CHECK(!lost_every_server(alone, resolver_text(Network::Pasta, alone, {})));
  CHECK(!lost_every_server({"", ""}, resolver_text(Network::Bridge, {"", ""}, {})));
  CHECK(!lost_every_server({"nameserver\nnameserver   \n", ""}, ""));
}

TEST_CASE("a program that runs beside this one") {
  int ends[2];
  REQUIRE(pipe2(ends, O_CLOEXEC) == 0);
  const std::string script = "echo out; echo more >&" + std::to_string(ends[1]) + "; [ -z \"$(trap)\" ] && exit 3";
  const auto pid = spawn({"/bin/sh", "-c", script}, {.output = ends[1], .descriptors = {ends[1]}, .own_group = true});
  REQUIRE(pid);
  CHECK(getpgid(*pid) == *pid);
  close(ends[1]);
  const int status = wait_for_end(*pid);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 3));
  char text[16] = {};
  CHECK(read(ends[0], text, sizeof text - 1) == 9);
  CHECK(std::string(text) == "out\nmore\n");
  close(ends[0]);
  CHECK(!spawn({"/nowhere/program"}, {}));
}

TEST_CASE("ports") {
  const auto full = parse_publish("127.0.0.1:8080:80/udp");
  REQUIRE(full);
  CHECK(full->host_address == "127.0.0.1");
  CHECK(full->host_port == 8080);
  CHECK(full->port == 80);
  CHECK(full->udp);
  const auto pair = parse_publish("8080:80");
  REQUIRE(pair);
  CHECK(pair->host_address.empty());
  CHECK_FALSE(pair->udp);
  CHECK(parse_publish("80")->host_port == 80);
  for (const char* text : {"", ":", "80:", ":80", "0:80", "80:0", "65536:80", "-1:80", "a:80", "80:80/sctp", "80/",
                           "1:2:3:4", "host:80:80", "127.0.0.1:80", "80 :80"}) {
    INFO(text);
    CHECK_FALSE(parse_publish(text));
  }
}

TEST_CASE("volumes") {
  CHECK(parse_volume("/a:/b", "/here")->source == "/a");
  CHECK(parse_volume("a:/b:ro", "/here")->source == "/here/a");
  CHECK(parse_volume("a:/b:ro", "/here")->read_only);
  CHECK_FALSE(parse_volume("a:/b:rw", "/here")->read_only);
  for (const char* text : {"", "/a", "/a:", ":/b", "/a:b", "/a:/b:x", "/a:/b:ro:rw"}) {
    INFO(text);
    CHECK_FALSE(parse_volume(text, "/here"));
  }
}

TEST_CASE("sizes") {
  CHECK(parse_size("512") == 512U);
  CHECK(parse_size("64k") == 65536U);
  CHECK(parse_size("2G") == 2147483648U);
  for (const char* text : {"", "m", "0", "-1", "1.5g", "1x", "99999999999999999999", "9999999999999t"}) {
    INFO(text);
    CHECK_FALSE(parse_size(text));
  }
}

TEST_CASE("names that can be a path and a container") {
  for (const char* fine : {"a", "web-1", "A.b_c", "0"}) CHECK(check_name(fine));
  for (const char* bad : {"", ".", "..", "-a", "_a", "a/b", "a b", "a\n"}) CHECK_FALSE(check_name(bad));
  CHECK_FALSE(check_name(std::string(65, 'a')));
}

RunOptions options_for(std::vector<std::string> arguments = {}) {
  RunOptions options;
  options.source = "thing";
  options.arguments = std::move(arguments);
  return options;
}

Place place() {
  Place place;
  place.id = "web";
  place.folder = "/var/lib/kontain/run/web";
  place.image = "thing";
  return place;
}

ImageDefaults image() {
  ImageDefaults defaults;
  defaults.entrypoint = {"/bin/app", "-x"};
  defaults.command = {"serve"};
  defaults.environment = {"A=1", "PATH=/app"};
  defaults.working_directory = "/srv";
  return defaults;
}

std::vector<std::string> environment(const Json& config) { return config["process"]["env"]; }

bool has(const std::vector<std::string>& values, const std::string& value) {
  return std::ranges::find(values, value) != values.end();
}

TEST_CASE("what runs: the image's words, or those that are given") {
  using Words = std::vector<std::string>;
  CHECK(*arguments_of(options_for(), image(), place()) == Words{"/bin/app", "-x", "serve"});
  CHECK(*arguments_of(options_for({"other"}), image(), place()) == Words{"/bin/app", "-x", "other"});
  RunOptions replaced = options_for({"1"});
  replaced.entrypoint = "/sh";
  CHECK(*arguments_of(replaced, image(), place()) == Words{"/sh", "1"});
  replaced.arguments.clear();
  CHECK(*arguments_of(replaced, image(), place()) == Words{"/sh"});
  Place program = place();
  program.program = "/home/app.km";
  CHECK(*arguments_of(options_for({"8080"}), ImageDefaults(), program) == Words{"/app.km", "8080"});
  CHECK_FALSE(arguments_of(options_for(), ImageDefaults(), place()));
}

TEST_CASE("the configuration of an image") {
  RunOptions options = options_for();
  options.environment = {"A=2", "B", "MISSING"};
  options.memory = 64 << 20;
  options.cpus = 1.5;
  options.process_limit = 10;
  options.volumes = {{"/data", "/in", true}};
  options.annotations = {{"thp", "on"}};
  Place where = place();
  where.own_environment = {{"B", "3"}};
  where.network_namespace = "/run/netns/n";
  where.identity = {1000, 100};
  const auto config = make_config(options, image(), where);
  REQUIRE(config);
  CHECK(has(environment(*config), "A=2"));
  CHECK(has(environment(*config), "B=3"));
  CHECK(has(environment(*config), "PATH=/app"));
  CHECK(environment(*config).size() == 4);  // and HOSTNAME
  CHECK((*config)["process"]["cwd"] == "/srv");
  CHECK((*config)["process"]["user"]["uid"] == 1000);
  CHECK((*config)["process"]["capabilities"].empty());
  CHECK((*config)["linux"]["resources"]["memory"]["limit"] == 64 << 20);
  CHECK((*config)["linux"]["resources"]["cpu"]["quota"] == 150'000);
  CHECK((*config)["linux"]["resources"]["pids"]["limit"] == 10);
  CHECK((*config)["annotations"]["app.kontain.thp"] == "on");
  CHECK((*config)["mounts"].back()["source"] == "/data");
  CHECK(has((*config)["mounts"].back()["options"], "ro"));
  CHECK((*config)["linux"]["namespaces"].back()["path"] == "/run/netns/n");
}

TEST_CASE("networks are namespaces: one's own, one that was made, none") {
  const auto types = [](const Place& where) {
    std::vector<std::string> names;
    const auto config = make_config(options_for(), image(), where);
    REQUIRE(config);
    for (const auto& space : (*config)["linux"]["namespaces"]) {
      names.push_back(space["type"]);
    }
    return names;
  };
  CHECK(has(types(place()), "network"));
  Place shared = place();
  shared.shares_network = true;
  CHECK_FALSE(has(types(shared), "network"));
  shared.rootless = true;
  CHECK_FALSE(has(types(shared), "cgroup"));
  CHECK_FALSE(has(types(shared), "user"));
  shared.needs_user_namespace = true;
  CHECK(has(types(shared), "user"));
}

TEST_CASE("a terminal has its size from the beginning") {
  Place where = place();
  where.terminal_rows = 33;
  where.terminal_columns = 77;
  RunOptions options = options_for();
  CHECK_FALSE((*make_config(options, image(), where))["process"].contains("consoleSize"));
  options.terminal = true;
  CHECK((*make_config(options, image(), where))["process"]["consoleSize"] == Json{{"height", 33}, {"width", 77}});
  CHECK_FALSE((*make_config(options, image(), place()))["process"].contains("consoleSize"));
}

TEST_CASE("an image's configuration may be anything") {
  const auto read = parse_image_config(R"({"config":{"Entrypoint":["/a"],"Cmd":null,"Env":["X=1"],"User":"u"}})");
  REQUIRE(read);
  CHECK(read->entrypoint == std::vector<std::string>{"/a"});
  CHECK(read->command.empty());
  CHECK(read->user == "u");
  CHECK(parse_image_config("{}"));
  for (const char* text : {"", "[]", "7", R"({"config":[]})", R"({"config":{"Cmd":"sh"}})", R"({"config":{"Env":[1]}})",
                           R"({"config":{"User":7}})", R"({"config":{"Cmd":["a\u0000b"]}})"}) {
    INFO(text);
    CHECK_FALSE(parse_image_config(text));
  }
}

TEST_CASE("users by name and number") {
  const std::string passwd = "root:x:0:0::/root:/bin/sh\napp:x:1000:100::/:/bin/sh\nbroken\n:::\nodd:x:a:b::/:\n";
  const std::string group = "users:x:100:\nwheel:x:10:\n";
  CHECK(find_identity("", passwd, group)->user == 0);
  CHECK(find_identity("app", passwd, group)->user == 1000);
  CHECK(find_identity("app", passwd, group)->group == 100);
  CHECK(find_identity("1000", passwd, group)->group == 100);
  CHECK(find_identity("4711", passwd, group)->group == 0);
  CHECK(find_identity("app:wheel", passwd, group)->group == 10);
  CHECK(find_identity("5:6", "", "")->group == 6);
  for (const char* user : {"nobody", "odd", "app:none", "-1", "4294967296", ":", "x:"}) {
    INFO(user);
    CHECK_FALSE(find_identity(user, passwd, group));
  }
}

TEST_CASE("a plan of a network survives its text") {
  const BridgePlan plan{"web", "10.61.0.7", {{"127.0.0.1", 80, 8080, false}, {"", 53, 53, true}}};
  const auto read = plan_of_json(plan_as_json(plan));
  REQUIRE(read);
  CHECK(read->address == plan.address);
  CHECK(read->publish.size() == 2);
  CHECK(setup_commands(*read) == setup_commands(plan));
  CHECK(plan.cable().size() <= 15);
}

TEST_CASE("nothing in a record becomes an option of a command") {
  const Json good = plan_as_json({"web", "10.61.0.7", {{"", 1, 2, false}}});
  for (const auto& [key, value] : std::vector<std::pair<std::string, Json>>{{"id", "-x"},
                                                                            {"id", "../x"},
                                                                            {"id", 7},
                                                                            {"address", "--all"},
                                                                            {"address", ""},
                                                                            {"publish", 7},
                                                                            {"publish", {1}},
                                                                            {"publish", {{{"port", "x"}}}}}) {
    Json bad = good;
    bad[key] = value;
    INFO(bad.dump());
    CHECK_FALSE(plan_of_json(bad));
  }
  CHECK_FALSE(plan_of_json(Json::array()));
}

TEST_CASE("every rule that is made is taken away") {
  const BridgePlan plan{"web", "10.61.0.7", {{"", 80, 8080, false}, {"1.2.3.4", 53, 53, true}}};
  const auto down = teardown_commands(plan);
  size_t rules = 0;
  for (Command command : setup_commands(plan)) {
    if (command[0] != "iptables") continue;
    ++rules;
    std::ranges::replace(command, std::string("-A"), std::string("-D"));
    CHECK(std::ranges::find(down, command) != down.end());
  }
  CHECK(rules == 4);
}

TEST_CASE("addresses are given to one each") {
  CHECK(*choose_address({}) == "10.61.0.2");
  CHECK(*choose_address({"10.61.0.2", "10.61.0.4"}) == "10.61.0.3");
}

TEST_CASE("a record survives its text, and has one holder") {
  const Scratch scratch;
  Record record;
  record.id = "web";
  record.image = "a\xff\n";
  record.keep = true;
  record.network = BridgePlan{"web", "10.61.0.2", {}};
  {
    const auto folder = RecordFolder::make(scratch.path() + "/run", "web");
    REQUIRE(folder);
    REQUIRE(folder->write(record));
    CHECK_FALSE(RecordFolder::make(scratch.path() + "/run", "web"));
    const auto second = RecordFolder::adopt(scratch.path() + "/run", "web");
    REQUIRE(second);
    CHECK_FALSE(*second);
  }
  auto left = RecordFolder::adopt(scratch.path() + "/run", "web");
  REQUIRE(left);
  REQUIRE(*left);
  const auto read = (*left)->read();
  REQUIRE(read);
  CHECK(read->keep);
  CHECK(read->network->address == "10.61.0.2");
  std::filesystem::create_directories((*left)->path() + "/rootfs/locked/in");
  chmod(((*left)->path() + "/rootfs/locked").c_str(), 0500);
  CHECK((*left)->remove());
  CHECK(record_names(scratch.path() + "/run").empty());
}

TEST_CASE("a text that is no record is refused") {
  for (
      const char* text :
      {"", "{}", "[]", R"({"id":"a"})",
       R"({"id":"../a","image":"","created_ms":1,"running":true,"mounted":false,"keep":true,"exit_status":0})",
       R"({"id":"a","image":"","created_ms":"1","running":true,"mounted":false,"keep":true,"exit_status":0})",
       R"({"id":"a","image":"","created_ms":1,"running":true,"mounted":false,"keep":true,"exit_status":0,"network":7})"}) {
    INFO(text);
    CHECK_FALSE(decode_record(text));
  }
}

TEST_CASE("what is a program") {
  const Scratch scratch;
  const auto write = [&](const char* name, const std::string& text) {
    const std::string path = scratch.path() + "/" + name;
    std::ofstream(path) << text;
    chmod(path.c_str(), 0755);
    return path;
  };
  CHECK(kind_of_source("debian:bookworm") == SourceKind::Image);
  CHECK(kind_of_source(scratch.path()) == SourceKind::Image);
  CHECK(kind_of_source(write("text", "#!/bin/sh\n")) == SourceKind::Image);
  CHECK_FALSE(kind_of_source(write("short",
                                   "\x7f"
                                   "ELF" +
                                       std::string(100, 'x'))));
  CHECK_FALSE(kind_of_source("/bin/ls"));  // it needs libraries
}

TEST_CASE("files of an image are read inside it only") {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path() + "/root/etc");
  std::ofstream(scratch.path() + "/secret") << "outside";
  std::ofstream(scratch.path() + "/root/etc/real") << "inside";
  std::filesystem::create_symlink("/real", scratch.path() + "/root/etc/absolute");
  std::filesystem::create_symlink("../../secret", scratch.path() + "/root/etc/up");
  const std::string root = scratch.path() + "/root";
  CHECK(read_in_root(root, "etc/real") == "inside");
  CHECK(read_in_root(root, "etc/up").empty());
  CHECK(read_in_root(root, "../secret").empty());
  CHECK(read_in_root(root, "etc").empty());
  std::filesystem::create_symlink("/etc/real", root + "/etc/good");
  CHECK(read_in_root(root, "etc/good") == "inside");
}

}  // namespace
}  // namespace kontain::test
