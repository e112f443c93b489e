#include "tests/fuzz/elf_case.h"

#include <sys/mman.h>

#include "base/checked.h"
#include "base/error.h"
#include "km/elf/parser.h"
#include "km/elf/shebang.h"
#include "km/load/layout.h"
#include "km/load/load_plan.h"
#include "km/mem/ranges.h"

namespace kontain::test {
namespace {

void check_segment(const elf::Segment& segment, uint64_t file_size) {
  KONTAIN_CHECK(segment.memory_size > 0 && segment.file_size <= segment.memory_size);
  KONTAIN_CHECK(segment.address < elf::kTaskSize && segment.memory_size <= elf::kTaskSize - segment.address);
  if (segment.file_size == 0) return;
  KONTAIN_CHECK(segment.offset < file_size && segment.file_size <= file_size - segment.offset);
  KONTAIN_CHECK((segment.offset - segment.address) % kPageSize == 0);
}

void check_image(const elf::Image& image, uint64_t file_size) {
  KONTAIN_CHECK(!image.segments.empty());
  uint64_t last_end = 0;
  for (const elf::Segment& segment : image.segments) {
    check_segment(segment, file_size);
    KONTAIN_CHECK(segment.address >= last_end);
    last_end = segment.end();
  }
  KONTAIN_CHECK(image.alignment >= kPageSize && (image.alignment & (image.alignment - 1)) == 0);
  KONTAIN_CHECK(!image.interpreter || (!image.interpreter->empty() && image.interpreter->size() < elf::kPathMax));
  KONTAIN_CHECK(!image.interpreter || image.interpreter->find('\0') == std::string::npos);
  KONTAIN_CHECK(image.low() < image.high() && is_page_aligned(image.low()) && is_page_aligned(image.high()));
}

void check_step(const load::MapStep& step, const load::LoadPlan& plan, uint64_t file_size) {
  KONTAIN_CHECK(step.length > 0 && mem::in_guest(step.address, step.length));
  KONTAIN_CHECK(step.address >= plan.low && step.address + step.length <= plan.high);
  if (step.kind == load::MapStep::Kind::Zero) {
    KONTAIN_CHECK(step.length < kPageSize && page_down(step.address) == page_down(step.address + step.length - 1));
    return;
  }
  KONTAIN_CHECK(is_page_aligned(step.address) && is_page_aligned(step.length) && is_page_aligned(step.offset));
  KONTAIN_CHECK((step.protection & ~(PROT_READ | PROT_WRITE | PROT_EXEC)) == 0);
  if (step.kind == load::MapStep::Kind::File) {
    KONTAIN_CHECK(step.offset < file_size && step.length <= page_up(file_size) - step.offset);
  }
}

bool check_plan(const elf::Image& image, uint64_t base, uint64_t file_size) {
  const uint64_t bias = load::choose_bias(image, base);
  const auto plan = load::plan_load(image, bias);
  if (!plan) {
    KONTAIN_CHECK(plan.error().kind == elf::RejectKind::OutsideGuest);
    return false;
  }
  KONTAIN_CHECK(image.kind == elf::Image::Kind::Fixed ? bias == 0 : bias % image.alignment == 0);
  KONTAIN_CHECK(mem::in_guest(plan->entry, 1));
  const load::MapStep* target = nullptr;  // the mapping that a Zero step writes to
  for (const load::MapStep& step : plan->steps) {
    check_step(step, *plan, file_size);
    if (step.kind == load::MapStep::Kind::Zero) {
      KONTAIN_CHECK(target && (target->protection & PROT_WRITE) && step.address >= target->address &&
                    step.address + step.length <= target->address + target->length);
    } else {
      target = &step;
    }
  }
  return true;
}

void check_reject(const elf::Reject& reject) {
  KONTAIN_CHECK(!reject.reason.empty() && !reject.to_error("file").message().empty());
  KONTAIN_CHECK(elf::exec_errno(reject) > 0 && elf::interpreter_errno(reject) > 0);
}

void check_shebang(std::span<const std::byte> file) {
  const auto shebang = elf::parse_shebang(file);
  if (!shebang) return check_reject(shebang.error());
  if (!*shebang) return;
  KONTAIN_CHECK(!(*shebang)->interpreter.empty() && (*shebang)->interpreter.size() < elf::kScriptHead);
  KONTAIN_CHECK((*shebang)->interpreter.find_first_of(std::string_view(" \t\n\0", 4)) == std::string::npos);
  KONTAIN_CHECK(!(*shebang)->argument || (*shebang)->argument->size() < elf::kScriptHead);
}

}  // namespace

bool run_elf_case(std::span<const std::byte> file) {
  check_shebang(file);
  // The pretended size lets the head of a large program stand for the whole of it.
  constexpr uint64_t kPretendedSize = 64 << 20;
  bool planned = false;
  for (const uint64_t size : {uint64_t{file.size()}, uint64_t{kPretendedSize}}) {
    const auto image = elf::parse(elf::MemorySource(file, size));
    if (!image) {
      check_reject(image.error());
      continue;
    }
    check_image(*image, size);
    for (const uint64_t base : {mem::kHighStart, mem::kHighStart + load::kMmapRandomRange - kPageSize}) {
      planned |= check_plan(*image, base, size);
    }
  }
  return planned;
}

}  // namespace kontain::test
