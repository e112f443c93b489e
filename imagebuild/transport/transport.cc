#include "imagebuild/transport/transport.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/subprocess.h"
#include "imagebuild/store/files.h"
#include "imagebuild/transport/archive.h"
#include "imagebuild/transport/layout.h"

namespace kontain::image {
namespace {

using WriteArchive = Result<void> (*)(const Store&, const Descriptor&, const std::string&, Sink&);

Result<Imported> import_layout(const Store& store, const Locator& from, Platforms platforms,
                               const CopyProgress& progress) {
  TRY_ASSIGN(LayoutSource layout, LayoutSource::open(from.path));
  TRY_ASSIGN(const Descriptor root, layout.resolve(from.name));
  TRY_ASSIGN(const Descriptor image, copy_into_store(layout, store, root, platforms, progress));
  return Imported{image, from.name};
}

// Beside `path`, then renamed: whoever looks sees the old archive or the new one.
Result<void> write_file(const std::string& path, const std::function<Result<void>(Sink&)>& write) {
  if (path == "-") {
    FdSink sink(STDOUT_FILENO, "standard output");
    return write(sink);
  }
  std::string temporary = path + ".XXXXXX";
  const UniqueFd fd(mkostemp(temporary.data(), O_CLOEXEC));
  if (!fd) return fail_errno("create", path, errno);
  FdSink sink(fd.get(), path);
  auto written = write(sink);
  const mode_t mask = umask(0);
  umask(mask);
  if (written && fchmod(fd.get(), 0666 & ~mask) != 0) written = fail_errno("chmod", path, errno);
  if (written && rename(temporary.c_str(), path.c_str()) != 0) written = fail_errno("rename", path, errno);
  if (!written) unlink(temporary.c_str());
  return written;
}

// A file for another program to read; gone with it.
class ArchiveForEngine {
 public:
  static Result<ArchiveForEngine> create(const std::function<Result<void>(Sink&)>& write) {
    const char* folder = getenv("TMPDIR");
    ArchiveForEngine made;
    made.path_ = std::string(folder && folder[0] == '/' ? folder : "/var/tmp") + "/kontain-build.XXXXXX";
    const UniqueFd fd(mkostemp(made.path_.data(), O_CLOEXEC));
    if (!fd) return fail_errno("create", std::exchange(made.path_, ""), errno);
    FdSink sink(fd.get(), made.path_);
    TRY(write(sink));
    return made;
  }
  ArchiveForEngine(ArchiveForEngine&& other) noexcept : path_(std::exchange(other.path_, "")) {}
  ArchiveForEngine& operator=(ArchiveForEngine&&) = delete;
  ~ArchiveForEngine() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  ArchiveForEngine() = default;
  std::string path_;
};

struct Engine {
  std::vector<std::string> command;  // the file's name follows
  WriteArchive write;
};

Engine engine_of(LocatorKind kind) {
  if (kind == LocatorKind::Docker) return {{"docker", "load", "--quiet", "--input"}, write_docker_archive};
  if (kind == LocatorKind::Podman) return {{"podman", "load", "--quiet", "--input"}, write_oci_archive};
  return {{"ctr", "images", "import"}, write_oci_archive};
}

Result<void> load(const Store& store, const Descriptor& image, LocatorKind kind, const std::string& name) {
  Engine engine = engine_of(kind);
  TRY_ASSIGN(const ArchiveForEngine archive,
             ArchiveForEngine::create([&](Sink& sink) { return engine.write(store, image, name, sink); }));
  engine.command.push_back(archive.path());
  TRY_ASSIGN(const SubprocessResult result, run_subprocess(engine.command));
  if (result.exit_code == 0 && result.signal == 0) return {};
  std::string said = result.err.empty() ? result.out : result.err;
  while (!said.empty() && said.back() == '\n') said.pop_back();
  return fail(engine.command[0], "does not take the image", said);
}

}  // namespace

Result<Imported> import_file(const Store& store, const Locator& from, Platforms platforms,
                             const CopyProgress& progress) {
  if (from.kind == LocatorKind::Layout) return import_layout(store, from, platforms, progress);
  if (from.kind != LocatorKind::OciArchive && from.kind != LocatorKind::DockerArchive) {
    return fail("image", from.text(), "not a place to read from");
  }
  UniqueFd fd(from.path == "-" ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                               : open(from.path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return fail_errno("open", from.path, errno);
  FdSource source(std::move(fd), from.path);
  return import_archive(store, source, from.name, platforms);
}

Result<void> export_file(const Store& store, const Descriptor& image, const Locator& to, const std::string& name) {
  switch (to.kind) {
    case LocatorKind::Layout: return write_layout(store, image, to.path, name);
    case LocatorKind::OciArchive:
      return write_file(to.path, [&](Sink& sink) { return write_oci_archive(store, image, name, sink); });
    case LocatorKind::DockerArchive:
      return write_file(to.path, [&](Sink& sink) { return write_docker_archive(store, image, name, sink); });
    case LocatorKind::Docker:
    case LocatorKind::Podman:
    case LocatorKind::Containerd: return load(store, image, to.kind, name);
    default: return fail("image", to.text(), "not a file or engine");
  }
}

}  // namespace kontain::image
