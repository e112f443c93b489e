#include "linker/analyser/program.h"

#include <unistd.h>

#include <algorithm>
#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unordered_map>

#include "base/text.h"

namespace kontain::analyser {
namespace {

constexpr size_t kMaximumImages = 512;
constexpr int kMaximumWrapperRounds = 8;
// What is kept of libraries, by the size of their files; the rest of an entry is a few times as much.
constexpr uint64_t kMaximumCached = uint64_t{256} << 20;

namespace fs = std::filesystem;

// Debian's order: ld.so.conf's folders come from its own file, the rest is built into the loaders.
std::vector<std::string> system_folders(const SearchOptions& options) {
  std::vector<std::string> folders;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(options.root + "/etc/ld.so.conf.d", error)) {
    std::ifstream in(entry.path());
    for (std::string line; std::getline(in, line);) {
      if (line.starts_with('/')) folders.push_back(line);
    }
  }
  for (const char* folder : {"/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu", "/lib64", "/usr/lib64", "/lib",
                             "/usr/lib", "/usr/local/lib", "/lib/x86_64-linux-musl", "/usr/lib/x86_64-linux-musl"}) {
    folders.emplace_back(folder);
  }
  return folders;
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

// As the loaders judge before they take a file: ones for other processors are passed by.
bool is_usable(const std::string& path) {
  std::error_code error;
  // A FIFO would wait for somebody.
  if (!fs::is_regular_file(path, error)) return false;
  std::ifstream in(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (!in.read(reinterpret_cast<char*>(&header), sizeof header)) return false;
  const Bytes head(reinterpret_cast<const uint8_t*>(&header), sizeof header);
  return kind_of(head) == FileKind::Elf && !foreign_format(head) && header.e_machine == EM_X86_64;
}

class Loader {
 public:
  explicit Loader(const SearchOptions& options) : options_(options), folders_(system_folders(options)) {}

  Result<Program> load(const std::string& path) {
    TRY_ASSIGN(ElfFile file, ElfFile::open(path));
    add(fs::path(path).filename(), path, std::make_shared<const Code>(std::move(file)));
    const std::string interpreter = program_.images[0]->file().interpreter();
    if (!interpreter.empty()) add_needed(*program_.images[0], interpreter);
    // Breadth first, as the loaders do.
    for (size_t i = 0; i < program_.images.size() && program_.images.size() < kMaximumImages; ++i) {
      const Image& image = *program_.images[i];
      for (const std::string& name : image.file().needed()) add_needed(image, name);
    }
    return std::move(program_);
  }

 private:
  void add(const std::string& name, const std::string& path, std::shared_ptr<const Code> code) {
    auto image = std::make_unique<Image>(std::move(code));
    image->name = name;
    image->path = path;
    program_.images.push_back(std::move(image));
  }

  void add_needed(const Image& user, const std::string& name) {
    const std::string file_name = fs::path(name).filename();
    if (!known_.insert(file_name).second) return;
    // musl's loader is its C library.
    if (file_name == "libc.so" && known_.contains("ld-musl-x86_64.so.1")) return;
    const std::string path = find(user, name);
    auto code = path.empty() ? Result<std::shared_ptr<const Code>>(fail(name, "", "not found")) : cache().load(path);
    if (code) {
      add(file_name, path, std::move(*code));
    } else {
      program_.missing.push_back(name);
    }
  }

  std::string find(const Image& user, const std::string& name) const {
    if (name.find('/') != std::string::npos) return is_usable(options_.root + name) ? options_.root + name : "";
    const fs::path parent = fs::path(user.path).parent_path();
    const std::string origin = parent.empty() ? "." : parent.string();
    std::vector<std::string> folders;
    for (const Image* image : {&user, static_cast<const Image*>(program_.images[0].get())}) {
      for (const std::string& folder : image->file().run_paths()) {
        const std::string text = replaced(replaced(folder, "${ORIGIN}", "$ORIGIN"), "$ORIGIN", origin);
        folders.push_back(folder.starts_with("$") ? text : options_.root + text);
      }
    }
    for (const std::string& folder : folders_) folders.push_back(options_.root + folder);
    for (const std::string& folder : folders) {
      if (!folder.empty() && access((folder + "/" + name).c_str(), R_OK) == 0 && is_usable(folder + "/" + name)) {
        return folder + "/" + name;
      }
    }
    return {};
  }

  CodeCache& cache() { return options_.cache ? *options_.cache : own_cache_; }

  SearchOptions options_;
  CodeCache own_cache_;
  std::vector<std::string> folders_;
  Program program_;
  std::set<std::string> known_;
};

struct Place {
  uint32_t image = 0;
  uint32_t function = 0;
  bool operator==(const Place&) const = default;
};

class Linker {
 public:
  explicit Linker(Program& program) : program_(program) {
    for (uint32_t i = 0; i < program.images.size(); ++i) {
      Image& image = *program.images[i];
      image.calls.assign(image.functions().all().size(), {});
      for (const Symbol& symbol : image.file().symbols()) {
        if (const auto index = image.functions().containing(symbol.value))
          exports_.try_emplace(symbol.name, Place{i, *index});
      }
    }
  }

  ProgramCalls run() {
    trace_all();
    reach_all();
    ProgramCalls out;
    for (uint32_t i = 0; i < program_.images.size(); ++i) collect(i, out);
    return out;
  }

 private:
  std::optional<Place> resolve(uint32_t image, uint32_t import) const {
    const auto found = exports_.find(program_.images[image]->functions().imports()[import]);
    return found == exports_.end() ? std::nullopt : std::optional(found->second);
  }

  std::optional<Parameter> wrapper_at(uint32_t image, uint64_t target) const {
    const Functions& functions = program_.images[image]->functions();
    std::optional<Place> place;
    if (const auto index = functions.containing(target)) {
      // Only its beginning is a call.
      if (functions.all()[*index].range.start != target) return std::nullopt;
      place = Place{image, *index};
    } else if (const auto import = functions.import_at(target)) {
      place = resolve(image, *import);
    }
    return place ? program_.images[place->image]->calls[place->function].parameter : std::nullopt;
  }

  // True when the function became a wrapper that it was not.
  bool trace(uint32_t image_index, uint32_t index) {
    Image& image = *program_.images[image_index];
    const Range range = image.functions().all()[index].range;
    const Bytes code = image.file().at(range.start);
    const bool was_wrapper = image.calls[index].parameter.has_value();
    image.calls[index] = trace_calls(code.first(std::min<uint64_t>(code.size(), range.end - range.start)), range.start,
                                     [&](uint64_t target) { return wrapper_at(image_index, target); });
    return image.calls[index].parameter.has_value() && !was_wrapper;
  }

  // Functions with calls of their own, then those that call one that takes the number as a parameter, and so on.
  void trace_all() {
    std::vector<Place> wrappers;
    for (uint32_t i = 0; i < program_.images.size(); ++i) {
      const auto& all = program_.images[i]->functions().all();
      for (uint32_t f = 0; f < all.size(); ++f) {
        if (all[f].makes_calls && trace(i, f)) wrappers.push_back({i, f});
      }
    }
    for (int round = 0; !wrappers.empty() && round < kMaximumWrapperRounds; ++round) {
      std::vector<Place> found;
      for (uint32_t i = 0; i < program_.images.size(); ++i) {
        const auto& all = program_.images[i]->functions().all();
        for (uint32_t f = 0; f < all.size(); ++f) {
          if (uses_one(i, all[f], wrappers) && trace(i, f)) found.push_back({i, f});
        }
      }
      wrappers = std::move(found);
    }
  }

  bool uses_one(uint32_t image, const Function& function, const std::vector<Place>& wrappers) const {
    for (const Place& wrapper : wrappers) {
      if (wrapper.image == image &&
          std::binary_search(function.functions.begin(), function.functions.end(), wrapper.function)) {
        return true;
      }
    }
    return std::any_of(function.imports.begin(), function.imports.end(), [&](uint32_t import) {
      const auto place = resolve(image, import);
      return place && std::find(wrappers.begin(), wrappers.end(), *place) != wrappers.end();
    });
  }

  void reach(Place place) {
    if (reached_[place.image][place.function]) return;
    reached_[place.image][place.function] = true;
    work_.push_back(place);
  }

  void reach_all() {
    for (const auto& image : program_.images) reached_.emplace_back(image->functions().all().size(), false);
    for (uint32_t i = 0; i < program_.images.size(); ++i) {
      const Functions& functions = program_.images[i]->functions();
      for (const uint32_t root : functions.roots()) reach({i, root});
      if (i != 0) continue;
      for (uint32_t f = 0; f < functions.all().size(); ++f) reach({i, f});
    }
    while (!work_.empty()) {
      const Place place = work_.front();
      work_.pop_front();
      const Function& function = program_.images[place.image]->functions().all()[place.function];
      for (const uint32_t other : function.functions) reach({place.image, other});
      for (const uint32_t import : function.imports) {
        if (const auto target = resolve(place.image, import)) reach(*target);
      }
    }
  }

  void collect(uint32_t image_index, ProgramCalls& out) const {
    const Image& image = *program_.images[image_index];
    const auto& all = image.functions().all();
    for (uint32_t f = 0; f < all.size(); ++f) {
      if (!reached_[image_index][f]) continue;
      const CallNumbers& calls = image.calls[f];
      const Source source{image.name, all[f].name};
      for (const int64_t number : calls.numbers) {
        if (number >= 0 && number < 65536) out.numbers.try_emplace(static_cast<uint16_t>(number), source);
      }
      if (calls.unknown) out.unknown.push_back(source);
      if (calls.legacy) out.legacy.push_back(source);
    }
    if (!image.functions().asks_processor()) collect_instructions(image_index, out);
    const auto& imports = image.functions().imports();
    if (image_index == 0 && std::find(imports.begin(), imports.end(), "dlopen") != imports.end())
      out.opens_libraries = true;
  }

  void collect_instructions(uint32_t image_index, ProgramCalls& out) const {
    const Image& image = *program_.images[image_index];
    const auto& all = image.functions().all();
    for (uint32_t f = 0; f < all.size(); ++f) {
      if (!reached_[image_index][f]) continue;
      for (Extensions missing = all[f].extensions & missing_here(); missing != 0; missing &= missing - 1) {
        out.instructions.try_emplace(extension_name(missing & -missing), Source{image.name, all[f].name});
      }
    }
  }

  Program& program_;
  std::unordered_map<std::string, Place> exports_;
  std::vector<std::vector<bool>> reached_;
  std::deque<Place> work_;
};

}  // namespace

Result<std::shared_ptr<const Code>> CodeCache::load(const std::string& path) {
  if (const auto found = codes_.find(path); found != codes_.end()) return found->second;
  TRY_ASSIGN(ElfFile file, ElfFile::open(path));
  auto code = std::make_shared<const Code>(std::move(file));
  bytes_ += code->file.bytes().size();
  if (bytes_ > kMaximumCached) {
    codes_.clear();
    bytes_ = code->file.bytes().size();
  }
  codes_.emplace(path, code);
  return code;
}

Result<Program> load_program(const std::string& path, const SearchOptions& options) {
  return Loader(options).load(path);
}

ProgramCalls find_calls(Program& program) { return Linker(program).run(); }

}  // namespace kontain::analyser
