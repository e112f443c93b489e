// Byte copies that may fault on the guest's side. The SIGSEGV/SIGBUS handler (copy.cc) sees a PC between the labels
// and continues at the end, where RCX still holds the number of bytes that are left: that is the result.
// System V ABI: RDI destination, RSI source, RDX count; returns RAX = bytes not copied.
        .text
        .globl kontain_guest_copy, kontain_guest_copy_start, kontain_guest_copy_end
        .type kontain_guest_copy, @function
kontain_guest_copy:
        mov %rdx, %rcx
kontain_guest_copy_start:
        rep movsb
kontain_guest_copy_end:
        mov %rcx, %rax
        ret
        .size kontain_guest_copy, . - kontain_guest_copy

// RDI destination, RSI count; returns RAX = bytes not cleared.
        .globl kontain_guest_clear, kontain_guest_clear_start, kontain_guest_clear_end
        .type kontain_guest_clear, @function
kontain_guest_clear:
        mov %rsi, %rcx
        xor %eax, %eax
kontain_guest_clear_start:
        rep stosb
kontain_guest_clear_end:
        mov %rcx, %rax
        ret
        .size kontain_guest_clear, . - kontain_guest_clear

// RDI address of a 32-bit word, ESI expected, EDX desired, RCX where the value found is stored; returns RAX = 0, or 1
// after a fault.
        .globl kontain_guest_exchange, kontain_guest_exchange_start, kontain_guest_exchange_end
        .type kontain_guest_exchange, @function
kontain_guest_exchange:
        mov %rcx, %r8
        mov $1, %ecx
        mov %esi, %eax
kontain_guest_exchange_start:
        lock cmpxchg %edx, (%rdi)
        xor %ecx, %ecx
kontain_guest_exchange_end:
        mov %eax, (%r8)
        mov %rcx, %rax
        ret
        .size kontain_guest_exchange, . - kontain_guest_exchange

// RDI address of a 16-bit word that lies in one cache line, SI its new value; returns RAX = 0, or 1 after a fault.
        .globl kontain_guest_store, kontain_guest_store_start, kontain_guest_store_end
        .type kontain_guest_store, @function
kontain_guest_store:
        mov $1, %ecx
kontain_guest_store_start:
        mov %si, (%rdi)
        xor %ecx, %ecx
kontain_guest_store_end:
        mov %rcx, %rax
        ret
        .size kontain_guest_store, . - kontain_guest_store

        .section .note.GNU-stack, "", @progbits
