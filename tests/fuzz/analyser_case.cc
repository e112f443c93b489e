#include "tests/fuzz/analyser_case.h"

#include "base/error.h"
#include "linker/analyser/program.h"

namespace kontain::test {
namespace {

using analyser::ElfFile;
using analyser::Function;
using analyser::Functions;

void check_functions(const ElfFile& file, const Functions& functions) {
  uint64_t last_end = 0;
  for (const Function& function : functions.all()) {
    KONTAIN_CHECK(function.range.start < function.range.end && function.range.start >= last_end);
    KONTAIN_CHECK(!function.name.empty());
    last_end = function.range.end;
    for (const uint32_t other : function.functions) KONTAIN_CHECK(other < functions.all().size());
    for (const uint32_t import : function.imports) KONTAIN_CHECK(import < functions.imports().size());
  }
  for (const uint32_t root : functions.roots()) KONTAIN_CHECK(root < functions.all().size());
  KONTAIN_CHECK(file.frames().empty() || file.frames()[0].start < file.frames()[0].end);
}

void check_calls(const analyser::ProgramCalls& calls) {
  for (const auto& [number, source] : calls.numbers) KONTAIN_CHECK(!source.function.empty());
  for (const analyser::Source& source : calls.unknown) KONTAIN_CHECK(!source.function.empty());
}

}  // namespace

bool run_analyser_case(std::span<const std::byte> file) {
  const auto* first = reinterpret_cast<const uint8_t*>(file.data());
  auto elf = ElfFile::parse({first, first + file.size()});
  if (!elf) {
    KONTAIN_CHECK(!elf.error().reason.empty());
    return false;
  }
  auto image = std::make_unique<analyser::Image>(std::make_shared<const analyser::Code>(std::move(*elf)));
  image->name = "case";
  check_functions(image->file(), image->functions());
  analyser::Program program;
  program.images.push_back(std::move(image));
  check_calls(analyser::find_calls(program));
  return true;
}

}  // namespace kontain::test
