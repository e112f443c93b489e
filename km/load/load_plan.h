// What has to be mapped to load an image, as a list: pure, so that it can be compared with readelf's words.
#pragma once

#include <cstdint>
#include <vector>

#include "km/elf/image.h"
#include "km/elf/reject.h"

namespace kontain::load {

// One step. Steps are carried out in order and replace what earlier ones put on the same page.
struct MapStep {
  enum class Kind : uint8_t {
    File,       // a private mapping of [offset, offset + length) of the file
    Anonymous,  // zero pages
    Zero,       // writes zeros; `length` is below a page and nothing else is changed
  };
  Kind kind = Kind::File;
  uint64_t address = 0;  // page-aligned unless Zero
  uint64_t length = 0;   // bytes; whole pages unless Zero
  uint64_t offset = 0;   // File: page-aligned
  int protection = 0;    // PROT_*; unused by Zero

  friend bool operator==(const MapStep&, const MapStep&) = default;
};

struct LoadPlan {
  uint64_t bias = 0;             // loaded address minus linked address (AT_BASE of an interpreter)
  uint64_t low = 0;              // the first page's address
  uint64_t high = 0;             // the end of the last page: where the heap may start
  uint64_t entry = 0;            // biased e_entry (AT_ENTRY)
  uint64_t program_headers = 0;  // AT_PHDR; the bias itself, as on Linux, when no segment carries the table
  std::vector<MapStep> steps;
};

// The plan for `image` moved by `bias` (0 for a Fixed image). OutsideGuest when a page of a segment, or the entry
// point, is not in the payload's ranges.
elf::Parsed<LoadPlan> plan_load(const elf::Image& image, uint64_t bias);

}  // namespace kontain::load
