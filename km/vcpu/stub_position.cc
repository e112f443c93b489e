#include "km/vcpu/stub_position.h"

extern "C" {
extern const std::byte kontain_stub_start[], kontain_stub_saved[], kontain_stub_answered_local[], kontain_stub_post[],
    kontain_stub_stored[], kontain_stub_answered[], kontain_stub_unstore[], kontain_stub_restore[], kontain_stub_ring[],
    kontain_stub_rung[], kontain_stub_replaced[], kontain_stub_borrowed[], kontain_stub_given_back[],
    kontain_stub_end[];
}

namespace kontain::vcpu {
namespace {

struct Part {
  const std::byte* end;
  StubPart part;
};

// In the order of the code.
constexpr Part kParts[] = {
    {kontain_stub_saved, StubPart::Intact},    {kontain_stub_answered_local, StubPart::Saved},
    {kontain_stub_post, StubPart::Answered},   {kontain_stub_stored, StubPart::Saved},
    {kontain_stub_answered, StubPart::Stored}, {kontain_stub_unstore, StubPart::Answered},
    {kontain_stub_restore, StubPart::Stored},  {kontain_stub_ring, StubPart::Saved},
    {kontain_stub_rung, StubPart::Intact},     {kontain_stub_replaced, StubPart::Rung},
    {kontain_stub_borrowed, StubPart::Intact}, {kontain_stub_given_back, StubPart::Borrowed},
};

uint64_t offset_of(const std::byte* label) { return static_cast<uint64_t>(label - kontain_stub_start); }

}  // namespace

std::span<const std::byte> stub_code() { return {kontain_stub_start, kontain_stub_end}; }

StubPart stub_part(uint64_t offset) {
  for (const Part& row : kParts) {
    if (offset < offset_of(row.end)) return row.part;
  }
  return StubPart::Intact;
}

uint64_t stub_rung_offset() { return offset_of(kontain_stub_rung); }
uint64_t stub_replaced_offset() { return offset_of(kontain_stub_replaced); }

// The words are the payload's: what it forges here are its own registers.
void restore_registers(StubPart part, const CallSlot& slot, kvm_regs& regs) {
  if (part == StubPart::Borrowed) regs.rsp = slot.rsp;
  if (part == StubPart::Intact || part == StubPart::Rung || part == StubPart::Borrowed) return;
  regs.rcx = slot.rcx;
  regs.r11 = slot.r11;
  if (part != StubPart::Stored) return;
  regs.rax = slot.number;
  regs.rdx = slot.arguments[2];
}

}  // namespace kontain::vcpu
