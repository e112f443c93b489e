#include "km/signal/xstate.h"

#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "km/vcpu/cpuid.h"

namespace kontain::signal {
namespace {

kvm::XsaveArea sample() {
  kvm::XsaveArea area;
  reset_xstate(area);
  for (size_t i = 160; i < 416; ++i) area.bytes[i] = static_cast<unsigned char>(i);  // XMM0-15
  const uint64_t components = 7;
  std::memcpy(area.bytes + 512, &components, sizeof components);
  for (size_t i = 576; i < 832; ++i) area.bytes[i] = static_cast<unsigned char>(i * 3);  // upper halves of YMM
  return area;
}

TEST_CASE("what a frame shows comes back as it was") {
  const kvm::XsaveArea area = sample();
  std::vector<std::byte> frame(xstate_frame_size());
  encode_xstate(area, frame);
  uint32_t magic = 0;
  std::memcpy(&magic, frame.data() + 464, sizeof magic);
  CHECK(magic == 0x46505853);
  kvm::XsaveArea back;
  decode_xstate(frame, back);
  CHECK(std::memcmp(back.bytes, area.bytes, 464) == 0);
  CHECK(std::memcmp(back.bytes + 576, area.bytes + 576, 256) == 0);
}

TEST_CASE("a frame without its marks keeps the legacy part only") {
  std::vector<std::byte> frame(xstate_frame_size());
  encode_xstate(sample(), frame);
  frame[xstate_size()] ^= std::byte{1};
  kvm::XsaveArea back;
  decode_xstate(frame, back);
  CHECK(back.bytes[160] == 160);
  CHECK(back.bytes[512] == 3);
  CHECK(back.bytes[600] == 0);
}

TEST_CASE("what a processor would refuse is dropped") {
  std::vector<std::byte> frame(xstate_frame_size());
  encode_xstate(sample(), frame);
  std::memset(frame.data() + 24, 0xff, 4);    // MXCSR
  std::memset(frame.data() + 512, 0xff, 64);  // the header
  kvm::XsaveArea back;
  decode_xstate(frame, back);
  uint32_t mxcsr = 0;
  std::memcpy(&mxcsr, back.bytes + 24, sizeof mxcsr);
  CHECK((mxcsr & 0xffff0040) == 0);
  uint64_t header[8];
  std::memcpy(header, back.bytes + 512, sizeof header);
  CHECK((header[0] & ~vcpu::kUsableComponents) == 0);
  CHECK(header[1] == 0);
}

}  // namespace
}  // namespace kontain::signal
