// The floating-point and vector state of a signal frame: the processor's XSAVE image with Linux's marks around it
// (arch/x86/include/uapi/asm/sigcontext.h: struct _fpx_sw_bytes).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "km/kvm/vcpu.h"

namespace kontain::signal {

// Bytes of the standard-format image for the components that payloads may use (SDM vol. 1, 13.4).
size_t xstate_size();
// The same with the mark behind it: what a frame reserves.
size_t xstate_frame_size();

// Writes `area` as a frame shows it into `out` of xstate_frame_size() bytes.
void encode_xstate(const kvm::XsaveArea& area, std::span<std::byte> out);

// Turns what a handler left in its frame (xstate_frame_size() bytes, untrusted) into a state the processor accepts:
// unknown components, reserved bits of MXCSR and of the header are dropped. Without Linux's marks only the legacy part
// counts.
void decode_xstate(std::span<const std::byte> frame, kvm::XsaveArea& area);

// The state of a program that has not touched any of it.
void reset_xstate(kvm::XsaveArea& area);

}  // namespace kontain::signal
