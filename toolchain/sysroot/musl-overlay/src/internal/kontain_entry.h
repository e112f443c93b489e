/* Calls to the monitor without the SYSCALL instruction; base/abi/auxv.h is the contract. */
#ifndef KONTAIN_ENTRY_H
#define KONTAIN_ENTRY_H

#include <features.h>
#include <stddef.h>

#define AT_KONTAIN_SYSCALL_ENTRY 0x4b4d0001

hidden extern unsigned long __kontain_entry;

/* Looks for the entry in the auxiliary vector. Before it is called, every call is a SYSCALL. */
hidden void __kontain_read_auxv(const size_t* auxv);

#endif
