// The host's side of the payload's mappings: same rights but never executable, always at the address we chose.
#pragma once

#include <cstdint>

#include "km/mem/address_space.h"
#include "km/mem/vma_tree.h"

namespace kontain::mem {

// The host protection that mirrors the guest's: reading is implied by writing and by executing; never PROT_EXEC.
int host_protection(int protection);

// Maps what `vma` and `request` say; the host's result: the address or -errno.
long host_map(const Vma& vma, const MapRequest& request);
// Changes the protection of a whole mapping; 0 or -errno.
long host_protect(const Vma& vma, int protection);
// Makes KVM drop its translations where the guest's rights shrank but the host's did not change.
void invalidate_shadow(const Vma& vma, int protection);
// True when the host has a mapping at the address (a reservation counts).
bool host_is_mapped(uint64_t address, uint64_t size);

}  // namespace kontain::mem
