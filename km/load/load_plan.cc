#include "km/load/load_plan.h"

#include <sys/mman.h>

#include <cstdio>
#include <string>

#include "base/checked.h"
#include "km/mem/ranges.h"

namespace kontain::load {
namespace {

std::string hex(uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

int protection_of(const elf::Segment& segment) {
  int protection = PROT_NONE;
  if (segment.flags & elf::kRead) protection |= PROT_READ;
  if (segment.flags & elf::kWrite) protection |= PROT_WRITE;
  if (segment.flags & elf::kExecute) protection |= PROT_EXEC;
  return protection;
}

void add_steps(LoadPlan& plan, const elf::Segment& segment) {
  const uint64_t start = segment.address + plan.bias;
  const uint64_t first_page = page_down(start);
  const uint64_t file_end = start + segment.file_size;
  const uint64_t memory_end = page_up(start + segment.memory_size);
  const int protection = protection_of(segment);

  uint64_t mapped_end = first_page;
  if (segment.file_size != 0) {
    mapped_end = page_up(file_end);
    plan.steps.push_back(
        {MapStep::Kind::File, first_page, mapped_end - first_page, page_down(segment.offset), protection});
    // Only a writable segment has its last page cleared behind the file's bytes: Linux leaves a read-only one as the
    // file is, and a private write to it would fault.
    const bool has_tail = segment.memory_size > segment.file_size && file_end != mapped_end;
    if (has_tail && (segment.flags & elf::kWrite)) {
      plan.steps.push_back({MapStep::Kind::Zero, file_end, mapped_end - file_end, 0, 0});
    }
  }
  if (memory_end > mapped_end) {
    plan.steps.push_back({MapStep::Kind::Anonymous, mapped_end, memory_end - mapped_end, 0, protection});
  }
}

elf::Parsed<void> check_place(const elf::Segment& segment, uint64_t bias) {
  const uint64_t first_page = page_down(segment.address + bias);
  const uint64_t size = page_up(segment.end()) - page_down(segment.address);
  if (mem::in_guest(first_page, size)) return {};
  return elf::reject(elf::RejectKind::OutsideGuest,
                     "a segment of " + hex(size) + " bytes at " + hex(first_page) + " is outside the guest's ranges");
}

}  // namespace

elf::Parsed<LoadPlan> plan_load(const elf::Image& image, uint64_t bias) {
  LoadPlan plan{.bias = bias,
                .low = image.low() + bias,
                .high = image.high() + bias,
                .entry = image.entry + bias,
                .program_headers = image.program_headers.value_or(0) + bias,
                .steps = {}};
  if (!mem::in_guest(plan.entry, 1)) {
    return elf::reject(elf::RejectKind::OutsideGuest,
                       "its entry point " + hex(plan.entry) + " is outside the guest's ranges");
  }
  for (const elf::Segment& segment : image.segments) {
    TRY(check_place(segment, bias));
    add_steps(plan, segment);
  }
  return plan;
}

}  // namespace kontain::load
