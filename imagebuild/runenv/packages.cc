#include "imagebuild/runenv/packages.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <filesystem>

#include "base/subprocess.h"
#include "imagebuild/build/filter.h"
#include "imagebuild/layer/apply.h"

namespace kontain::image::runenv {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kArMagic = "!<arch>\n";  // ar(5)
constexpr size_t kArHeader = 60, kArName = 16, kArSizeOffset = 48, kArSize = 10;

Result<Digest> file_digest(const std::string& path) {
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(path, "", errno);
  FdSource source(std::move(fd), path);
  Hasher hasher;
  std::array<char, 65536> buffer;
  for (;;) {
    TRY_ASSIGN(const size_t count, source.read(buffer));
    if (count == 0) return hasher.digest();
    hasher.update(std::string_view(buffer.data(), count));
  }
}

// A new folder beside where the package will be, removed with the object.
class FetchFolder {
 public:
  static Result<FetchFolder> create(const std::string& cache) {
    std::string path = cache + "/fetch-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) return fail_errno(path, "", errno);
    // apt fetches as a user of its own where it can.
    chmod(path.c_str(), 0755);
    return FetchFolder(std::move(path));
  }
  FetchFolder(FetchFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
  FetchFolder& operator=(FetchFolder&&) = delete;
  ~FetchFolder() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  // The one file in it, or that of this name.
  Result<std::string> file(const std::string& name) const {
    for (const auto& entry : fs::directory_iterator(path_)) {
      if (entry.is_regular_file() && (name.empty() || entry.path().filename() == name)) return entry.path().string();
    }
    return fail(path_, "", "nothing was fetched");
  }

 private:
  explicit FetchFolder(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

// How each registry's own client is asked. Machines rarely list source packages, so they are looked for where the
// binary ones come from, in lists of our own.
struct Client {
  const char* name;
  const char* separator;  // between name and version
  const char* script;     // of sh, with a folder and what to fetch as arguments
};

const Client& client_of(Registry registry) {
  static const Client debian = {"apt-get download", "=", "cd \"$1\" && exec apt-get -q download \"$2\""};
  static const Client npm = {"npm pack", "@", "cd \"$1\" && exec npm pack --silent \"$2\""};
  static const Client source = {"apt-get source", "=", R"(
set -e
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch/lists/partial"
apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Identifier: Packages' | sort -u |
  grep -v -e security -e backports | sed 's/^/deb-src /; s/$/ main/' >"$scratch/sources.list"
set -- "$1" "$2" -qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=- \
  -o "Dir::State::Lists=$scratch/lists" -o APT::Sandbox::User=root
cd "$1"
what=$2
shift 2
apt-get "$@" update
apt-get "$@" source --download-only "$what")"};
  switch (registry) {
    case Registry::Debian: return debian;
    case Registry::Npm: return npm;
    case Registry::Source: return source;
  }
  return debian;
}

Result<void> run_client(const LockedPackage& package, const std::string& folder) {
  const Client& client = client_of(package.registry);
  const std::string spec = package.name + client.separator + package.version;
  TRY_ASSIGN(const SubprocessResult result, run_subprocess({"sh", "-c", client.script, "sh", folder, spec}));
  if (result.signal == 0 && result.exit_code == 0) return {};
  const std::string first = result.err.substr(0, result.err.find('\n'));
  return fail(client.name, spec, first.empty() ? "it failed" : first);
}

// Moves `fd` to the content of the data.tar member.
Result<void> seek_data(int fd, const std::string& name) {
  std::array<char, kArHeader> header;
  const auto read_exactly = [&](size_t count) { return read(fd, header.data(), count) == static_cast<ssize_t>(count); };
  if (!read_exactly(kArMagic.size()) || std::string_view(header.data(), kArMagic.size()) != kArMagic) {
    return fail(name, "", "it is no Debian package");
  }
  while (read_exactly(kArHeader)) {
    const std::string_view text(header.data(), header.size());
    uint64_t size = 0;
    std::string_view digits = text.substr(kArSizeOffset, kArSize);
    digits = digits.substr(0, digits.find(' '));
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
    if (error != std::errc() || end != digits.data() + digits.size()) return fail(name, "", "a bad ar header");
    if (text.substr(0, kArName).starts_with("data.tar")) return {};
    if (lseek(fd, static_cast<off_t>(size + size % 2), SEEK_CUR) < 0) return fail_errno(name, "seek", errno);
  }
  return fail(name, "", "there is no data.tar in it");
}

Result<UniqueFd> open_folder(const std::string& path) {
  std::error_code error;
  fs::create_directories(path, error);
  UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd) return fail_errno(path, "", errno);
  return fd;
}

Result<void> place_source(const LockedPackage& package, const std::string& file, const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder + "/source", error);
  fs::copy_file(file, folder + "/source/" + package.file, error);
  if (error) return fail_errno(folder + "/source/" + package.file, "", error.value());
  return {};
}

}  // namespace

std::string default_cache() {
  if (geteuid() == 0) return "/var/cache/kontain/packages";
  const char* cache = getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/kontain/packages";
  const char* home = getenv("HOME");
  return std::string(home ? home : "/") + "/.cache/kontain/packages";
}

Result<std::string> fetch_package(const LockedPackage& package, const std::string& cache) {
  std::error_code error;
  fs::create_directories(cache, error);
  if (error) return fail_errno(cache, "", error.value());
  std::string path = cache + "/" + package.digest.hex();
  if (const auto known = file_digest(path); known && *known == package.digest) return path;
  TRY_ASSIGN(const FetchFolder folder, FetchFolder::create(cache));
  TRY(run_client(package, folder.path()));
  TRY_ASSIGN(const std::string file, folder.file(package.file));
  TRY_ASSIGN(const Digest digest, file_digest(file));
  if (digest != package.digest) {
    return fail(package.name, package.version,
                "its digest is " + digest.text() + ", the lock file says " + package.digest.text());
  }
  if (rename(file.c_str(), path.c_str()) != 0) return fail_errno(path, "rename", errno);
  return path;
}

Result<std::unique_ptr<Source>> open_deb(UniqueFd fd, const std::string& name) {
  TRY(seek_data(fd.get(), name));
  return build::open_filtered(std::move(fd), name);
}

Result<void> unpack_package(const LockedPackage& package, const std::string& file, const std::string& folder) {
  if (package.registry == Registry::Source) return place_source(package, file, folder);
  UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno(file, "", errno);
  const bool debian = package.registry == Registry::Debian;
  const std::string below = folder + (debian ? "/debian" : "/npm/" + package.name);
  TRY_ASSIGN(const UniqueFd root, open_folder(below));
  TRY_ASSIGN(const auto tar,
             debian ? open_deb(std::move(fd), package.name) : build::open_filtered(std::move(fd), package.name));
  TRY(apply_layer(root.get(), *tar, {}));
  return {};
}

}  // namespace kontain::image::runenv
