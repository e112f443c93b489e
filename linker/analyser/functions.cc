#include "linker/analyser/functions.h"

#include <Zydis/Zydis.h>

#include <algorithm>
#include <cstdio>

namespace kontain::analyser {
namespace {

ZydisDecoder make_decoder() {
  ZydisDecoder decoder;
  ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
  return decoder;
}

std::string hexadecimal(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

// The address that an instruction at `address` names relative to itself: a branch's target or a word of memory.
std::optional<uint64_t> relative_target(const ZydisDecodedInstruction& instruction, uint64_t address) {
  const uint64_t next = address + instruction.length;
  if (instruction.raw.imm[0].is_relative) return next + static_cast<uint64_t>(instruction.raw.imm[0].value.s);
  const bool has_modrm = (instruction.attributes & ZYDIS_ATTRIB_HAS_MODRM) != 0;
  if (has_modrm && instruction.raw.modrm.mod == 0 && instruction.raw.modrm.rm == 5) {
    return next + static_cast<uint64_t>(instruction.raw.disp.value);
  }
  return std::nullopt;
}

bool is_system_call(const ZydisDecodedInstruction& instruction) {
  return instruction.mnemonic == ZYDIS_MNEMONIC_SYSCALL || instruction.mnemonic == ZYDIS_MNEMONIC_SYSENTER ||
         (instruction.mnemonic == ZYDIS_MNEMONIC_INT && instruction.raw.imm[0].value.u == 0x80);
}

void sort_unique(std::vector<uint32_t>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

// True for bytes that assemblers put between functions.
bool begins_with_padding(Bytes code) {
  if (code.size() < 2) return true;
  return code[0] == 0x90 || code[0] == 0xcc || code[0] == 0x66 || (code[0] == 0x0f && code[1] == 0x1f) || code[0] == 0;
}

}  // namespace

Functions::Functions(const ElfFile& file) : file_(file) {
  find_ranges();
  fill_gaps();
  name_functions();
  read_linkage();
  asks_processor_ = knows_processor();
  for (Function& function : all_) decode(function);
}

// Symbols with a size and the descriptions for unwinding; where they overlap, the first counts.
void Functions::find_ranges() {
  std::vector<Range> ranges = file_.frames();
  for (const Symbol& symbol : file_.symbols()) {
    if (symbol.type != STT_FUNC && symbol.type != STT_NOTYPE && symbol.type != STT_GNU_IFUNC) continue;
    if (symbol.size != 0 && symbol.value + symbol.size > symbol.value) {
      ranges.push_back({symbol.value, symbol.value + symbol.size});
    }
  }
  std::erase_if(ranges, [&](const Range& range) {
    const auto next = std::upper_bound(file_.code().begin(), file_.code().end(), range.start,
                                       [](uint64_t start, const Range& code) { return start < code.start; });
    return next == file_.code().begin() || range.end > std::prev(next)->end;
  });
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return a.start != b.start ? a.start < b.start : a.end < b.end; });
  uint64_t covered = 0;
  for (const Range& range : ranges) {
    if (range.start < covered) continue;
    all_.push_back({range, {}, {}, {}, false});
    covered = range.end;
  }
}

// Code that nobody describes: assembly by hand. A symbol without a size begins a new piece; what goes on right behind a
// function is the rest of it (glibc's clone ends its description early).
void Functions::fill_gaps() {
  std::vector<uint64_t> labels;
  for (const Symbol& symbol : file_.symbols()) labels.push_back(symbol.value);
  std::sort(labels.begin(), labels.end());
  std::vector<Function> gaps;
  const auto add_gap = [&](uint64_t start, uint64_t end) {
    for (auto label = std::upper_bound(labels.begin(), labels.end(), start); start < end; ++label) {
      const uint64_t stop = label == labels.end() ? end : std::min(*label, end);
      if (stop > start) gaps.push_back({{start, stop}, {}, {}, {}, false});
      start = std::max(start, stop);
      if (label == labels.end()) break;
    }
  };
  for (const Range& code : file_.code()) {
    uint64_t at = code.start;
    auto next = std::lower_bound(all_.begin(), all_.end(), code.start,
                                 [](const Function& f, uint64_t address) { return f.range.start < address; });
    Function* before = nullptr;
    const auto close_gap = [&](uint64_t end) {
      const auto label = std::lower_bound(labels.begin(), labels.end(), at);
      const uint64_t stop = label == labels.end() ? end : std::min(*label, end);
      if (before && stop > at && !begins_with_padding(file_.at(at))) at = before->range.end = stop;
      add_gap(at, end);
    };
    for (; next != all_.end() && next->range.start < code.end; ++next) {
      close_gap(next->range.start);
      at = next->range.end;
      before = &*next;
    }
    close_gap(code.end);
  }
  all_.insert(all_.end(), gaps.begin(), gaps.end());
  std::sort(all_.begin(), all_.end(),
            [](const Function& a, const Function& b) { return a.range.start < b.range.start; });
}

void Functions::name_functions() {
  for (const Symbol& symbol : file_.symbols()) {
    const auto index = containing(symbol.value);
    if (!index || symbol.type == STT_OBJECT) continue;
    std::string& name = all_[*index].name;
    // The name of the beginning; of several the one with the fewest underscores in front.
    const bool begins = all_[*index].range.start == symbol.value;
    if (begins && (name.empty() || symbol.name.find_first_not_of('_') < name.find_first_not_of('_')))
      name = symbol.name;
  }
  for (Function& function : all_) {
    if (function.name.empty()) function.name = hexadecimal(function.range.start);
  }
}

void Functions::read_linkage() {
  std::unordered_map<std::string, uint32_t> indices;
  for (const Relocation& relocation : file_.relocations()) {
    if (relocation.symbol.empty()) continue;
    const auto [entry, is_new] = indices.emplace(relocation.symbol, static_cast<uint32_t>(imports_.size()));
    if (is_new) imports_.push_back(relocation.symbol);
    words_[relocation.place] = entry->second;
  }
}

std::optional<uint32_t> Functions::containing(uint64_t address) const {
  auto next = std::upper_bound(all_.begin(), all_.end(), address,
                               [](uint64_t wanted, const Function& f) { return wanted < f.range.start; });
  if (next == all_.begin() || !std::prev(next)->range.contains(address)) return std::nullopt;
  return static_cast<uint32_t>(std::prev(next) - all_.begin());
}

std::optional<uint32_t> Functions::import_at(uint64_t target) const {
  if (const auto word = words_.find(target); word != words_.end()) return word->second;
  if (containing(target)) return std::nullopt;
  // A stub of the linkage table: at most ENDBR64 and a jump through the word.
  const ZydisDecoder decoder = make_decoder();
  Bytes code = file_.at(target);
  for (int i = 0; i < 3; ++i) {
    ZydisDecodedInstruction instruction;
    if (!ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, code.data(), code.size(), &instruction))) break;
    if (instruction.mnemonic == ZYDIS_MNEMONIC_JMP) {
      const auto place = relative_target(instruction, target);
      const auto word = place ? words_.find(*place) : words_.end();
      return word == words_.end() ? std::nullopt : std::optional(word->second);
    }
    code = code.subspan(instruction.length);
    target += instruction.length;
  }
  return std::nullopt;
}

void Functions::refer(Function& function, uint64_t target) const {
  if (function.range.contains(target)) return;
  if (const auto other = containing(target)) {
    function.functions.push_back(*other);
  } else if (const auto import = import_at(target)) {
    function.imports.push_back(*import);
  }
}

// By a function that the loader chooses, or by asking a library; CPUID itself is seen when decoding.
bool Functions::knows_processor() const {
  if (file_.has_ifuncs()) return true;
  constexpr std::string_view kQuestions[] = {
      "__cpu_model", "__cpu_indicator_init", "__cpu_features2",          "getauxval",
      "__getauxval", "_rtld_global_ro",      "_dl_x86_get_cpu_features", "__x86_get_cpuid_feature_leaf"};
  const auto asks = [&](std::string_view name) {
    return std::find(std::begin(kQuestions), std::end(kQuestions), name) != std::end(kQuestions);
  };
  return std::any_of(imports_.begin(), imports_.end(), asks) ||
         std::any_of(file_.symbols().begin(), file_.symbols().end(), [&](const Symbol& s) { return asks(s.name); });
}

void Functions::decode(Function& function) {
  const ZydisDecoder decoder = make_decoder();
  Bytes code = file_.at(function.range.start);
  code = code.first(std::min<uint64_t>(code.size(), function.range.end - function.range.start));
  uint64_t address = function.range.start;
  const bool has_fixed_addresses = file_.header().e_type == ET_EXEC;
  while (!code.empty()) {
    ZydisDecodedInstruction instruction;
    size_t length = 1;
    if (ZYAN_SUCCESS(ZydisDecoderDecodeInstruction(&decoder, nullptr, code.data(), code.size(), &instruction))) {
      length = instruction.length;
      if (is_system_call(instruction)) function.makes_calls = true;
      if (instruction.mnemonic == ZYDIS_MNEMONIC_CPUID) asks_processor_ = true;
      function.extensions |= extension_of(instruction);
      if (const auto target = relative_target(instruction, address)) {
        refer(function, *target);
      } else if (has_fixed_addresses && instruction.raw.imm[0].size >= 32) {
        refer(function, instruction.raw.imm[0].value.u);
      }
    }
    code = code.subspan(length);
    address += length;
  }
  sort_unique(function.functions);
  sort_unique(function.imports);
}

std::vector<uint32_t> Functions::roots() const {
  std::vector<uint32_t> out;
  for (const uint64_t address : file_.start_points()) {
    if (const auto index = containing(address)) out.push_back(*index);
  }
  for (const Relocation& relocation : file_.relocations()) {
    if (!relocation.symbol.empty()) continue;
    if (const auto index = containing(relocation.value)) out.push_back(*index);
  }
  sort_unique(out);
  return out;
}

}  // namespace kontain::analyser
