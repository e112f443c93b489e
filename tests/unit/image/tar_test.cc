#include <clocale>

#include <catch2/catch.hpp>

#include "imagebuild/tar/reader.h"
#include "imagebuild/tar/writer.h"

namespace kontain::image {
namespace {

struct Member {
  Entry entry;
  std::string content;
};

Result<std::string> write(const std::vector<Member>& members) {
  StringSink sink;
  TRY_ASSIGN(TarWriter writer, TarWriter::create(sink));
  for (const Member& member : members) {
    StringSource content(member.content);
    TRY(writer.add(member.entry, member.entry.type == EntryType::File ? &content : nullptr));
  }
  TRY(writer.finish());
  return sink.text();
}

Result<std::vector<Member>> read(std::string_view text, const TarLimits& limits = {}) {
  StringSource source(text);
  TRY_ASSIGN(TarReader reader, TarReader::create(source, limits));
  std::vector<Member> members;
  for (;;) {
    TRY_ASSIGN(auto entry, reader.next());
    if (!entry) return members;
    TRY_ASSIGN(std::string content, read_all(reader.content(), 1 << 20, "content"));
    members.push_back({*entry, content});
  }
}

Entry file(const std::string& path, uint64_t size) {
  Entry entry;
  entry.path = path;
  entry.size = size;
  return entry;
}

TEST_CASE("what is written is read again") {
  Entry directory = file("d", 0);
  directory.type = EntryType::Directory;
  directory.mode = 01777;
  Entry plain = file("d/f", 3);
  plain.mode = 04755;
  plain.uid = 3'000'000;
  plain.gid = 12;
  plain.mtime = 1'700'000'000;
  plain.xattrs = {{"user.x", std::string("a\0b", 3)}};
  Entry link = file("d/l", 0);
  link.type = EntryType::Symlink;
  link.link_target = "../etc/passwd";
  Entry hard = file("d/h", 0);
  hard.type = EntryType::Hardlink;
  hard.link_target = "d/f";
  Entry device = file("d/c", 0);
  device.type = EntryType::CharDevice;
  device.device_major = 1;
  device.device_minor = 3;
  Entry fifo = file("d/p", 0);
  fifo.type = EntryType::Fifo;
  const std::string long_name = std::string(200, 'n') + "/" + std::string(200, 'm') + "/\xc3\xa4";
  const auto tar = write(
      {{directory, ""}, {plain, "abc"}, {link, ""}, {hard, ""}, {device, ""}, {fifo, ""}, {file(long_name, 1), "z"}});
  REQUIRE(tar);
  const auto members = read(*tar);
  REQUIRE(members);
  REQUIRE(members->size() == 7);
  CHECK((*members)[0].entry.type == EntryType::Directory);
  CHECK((*members)[0].entry.mode == 01777);
  const Entry& again = (*members)[1].entry;
  CHECK(again.mode == 04755);
  CHECK(again.uid == 3'000'000);
  CHECK(again.mtime == 1'700'000'000);
  CHECK(again.xattrs == plain.xattrs);
  CHECK((*members)[1].content == "abc");
  CHECK((*members)[2].entry.link_target == "../etc/passwd");
  CHECK((*members)[3].entry.type == EntryType::Hardlink);
  CHECK((*members)[4].entry.device_minor == 3);
  CHECK((*members)[5].entry.type == EntryType::Fifo);
  CHECK((*members)[6].entry.path == long_name);
}

TEST_CASE("the locale leaves no trace") {
  const std::vector<Member> members = {{file("\xc3\xa4/\xe2\x82\xac", 0), ""}, {file("bad\xff", 0), ""}};
  const auto first = write(members);
  REQUIRE(first);
  for (const char* name : {"C", "C.UTF-8", "POSIX"}) {
    REQUIRE(setlocale(LC_ALL, name));
    CHECK(*write(members) == *first);
    const auto again = read(*first);
    REQUIRE(again);
    CHECK((*again)[0].entry.path == members[0].entry.path);
    CHECK((*again)[1].entry.path == members[1].entry.path);
  }
  setlocale(LC_ALL, "C");
}

TEST_CASE("a file that changed while it was read is an error") {
  const auto shorter = write({{file("a", 4), "abc"}});
  REQUIRE_FALSE(shorter);
  CHECK(shorter.error().message() == "tar: a: the file changed its size while it was read");
  CHECK_FALSE(write({{file("a", 2), "abc"}}));
}

TEST_CASE("paths that are not plain are never written") {
  for (const char* path : {"", "/a", "a/", "./a", "a/../b", "..", "a//b"}) {
    INFO(path);
    CHECK_FALSE(write({{file(path, 0), ""}}));
  }
}

TEST_CASE("archives above a limit are refused") {
  const auto tar = write({{file("a", 10), "0123456789"}, {file("b", 10), "0123456789"}});
  REQUIRE(tar);
  TarLimits few;
  few.entries = 1;
  CHECK_THAT(read(*tar, few).error().message(), Catch::Matchers::Contains("more than 1 entries"));
  TarLimits small;
  small.bytes = 15;
  CHECK_FALSE(read(*tar, small));
  TarLimits name;
  name.path_bytes = 0;
  CHECK_THAT(read(*tar, name).error().message(), Catch::Matchers::Contains("the path is too long"));
}

TEST_CASE("a sparse file cannot pretend to be larger than the limit") {
  // GNU's old format: 512 bytes behind a hole of 8 GiB.
  std::string header(512, '\0');
  header.replace(0, 1, "s");
  header.replace(100, 7, "0000644");
  header.replace(108, 7, "0000000");
  header.replace(116, 7, "0000000");
  header.replace(124, 11, "00000001000");
  header.replace(136, 11, "00000000000");
  header[156] = 'S';
  header.replace(257, 7, "ustar  ");
  header.replace(386, 11, "77777776000");  // where its 512 bytes are
  header.replace(398, 11, "00000001000");
  header.replace(483, 11, "77777777000");
  header.replace(148, 8, "        ");
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%06o", sum);
  header.replace(148, 7, text.data(), 7);
  const std::string tar = header + std::string(512, 'x') + std::string(1024, '\0');
  TarLimits limits;
  limits.bytes = 1 << 20;
  StringSource source(tar);
  auto reader = TarReader::create(source, limits);
  REQUIRE(reader);
  const auto entry = reader->next();
  REQUIRE((entry && *entry));
  StringSink sink;
  const auto copied = copy_all(reader->content(), sink);
  CHECK_FALSE(copied);
  CHECK(sink.text().size() <= limits.bytes);
}

TEST_CASE("cut and damaged archives are errors, never half an archive") {
  const auto tar = write({{file("a", 600), std::string(600, 'x')}});
  REQUIRE(tar);
  for (const size_t size : {size_t{100}, size_t{511}, size_t{700}}) {
    INFO(size);
    CHECK_FALSE(read(std::string_view(*tar).substr(0, size)));
  }
  std::string damaged = *tar;
  damaged[10] = 'q';
  CHECK_FALSE(read(damaged));
  CHECK(read("")->empty());
}

TEST_CASE("one spelling of a path") {
  CHECK(*normal_path("./a//b/") == "a/b");
  CHECK(*normal_path("/a") == "a");
  CHECK(normal_path(".")->empty());
  CHECK_FALSE(normal_path("a/../b"));
  CHECK_FALSE(normal_path(std::string(256, 'x')));
  CHECK_FALSE(normal_path(std::string_view("a\0b", 3)));
}

}  // namespace
}  // namespace kontain::image
