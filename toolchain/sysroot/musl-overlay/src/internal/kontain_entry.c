#include "kontain_entry.h"

/* Zero means: use SYSCALL. Written once, before there are threads. */
unsigned long __kontain_entry;

/* What the linker writes into the flags of the Kontain note of whoever links this (base/abi/note.h:
 * kNoteDirectCalls). */
__asm__(".globl __kontain_note_flags\n\t.hidden __kontain_note_flags\n\t__kontain_note_flags = 2");

void __kontain_read_auxv(const size_t* auxv) {
  for (; *auxv; auxv += 2)
    if (*auxv == AT_KONTAIN_SYSCALL_ENTRY) __kontain_entry = auxv[1];
}
