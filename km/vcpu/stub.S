// The system call stub of recipe A that may post a call instead of leaving the guest. SYSCALL jumps to its first byte
// (LSTAR) in user mode; the payload's libc may do the same with RCX set as SYSCALL would. It is copied to kStub
// (layout.h), with the vCPU's CallSlot and the CallTable behind it, so everything is relative to RIP.
//
// To the payload it is one SYSCALL: whichever way is taken, RAX has the result and every other register is as SYSRET
// leaves it. There is no stack to use (red zone, sigaltstack, Go), and the flags are the payload's: nothing here changes
// them, which is why numbers are compared by LEA and JRCXZ and shifted by SHRX and SHLX (BMI2).
//
// A kick or a debug exception may land on any instruction. The labels divide the code by what is in the registers at
// that moment (stub_position.h):
//   intact     all as at the SYSCALL
//   saved      RCX and R11 are in the slot
//   stored     RAX and RDX too; the slot's state says what has become of the call
//   answered   RAX is the result; RCX and R11 are in the slot
//   borrowed   RSP is in the slot
#include "km/vcpu/call_layout.h"

        .set slot, kontain_stub_start + KM_STUB_SLOT
        .set table, kontain_stub_start + KM_STUB_TABLE
        .set doorbell, 0x6f0008000000  // kDoorbell of layout.h

        .section .rodata
        .balign 64
        .globl kontain_stub_start, kontain_stub_saved, kontain_stub_answered_local, kontain_stub_post
        .globl kontain_stub_stored, kontain_stub_answered, kontain_stub_unstore, kontain_stub_restore
        .globl kontain_stub_ring, kontain_stub_rung, kontain_stub_replaced, kontain_stub_borrowed, kontain_stub_given_back
        .globl kontain_stub_end
        .hidden kontain_stub_start, kontain_stub_saved, kontain_stub_answered_local, kontain_stub_post
        .hidden kontain_stub_stored, kontain_stub_answered, kontain_stub_unstore, kontain_stub_restore
        .hidden kontain_stub_ring, kontain_stub_rung, kontain_stub_replaced, kontain_stub_borrowed
        .hidden kontain_stub_given_back, kontain_stub_end
kontain_stub_start:                             // intact
        mov %rcx, slot + KM_SLOT_RCX(%rip)
        mov %r11, slot + KM_SLOT_R11(%rip)
kontain_stub_saved:                             // saved
        mov %eax, %r11d                         // the number, as the kernel cuts it
        mov $9, %ecx
        shrx %rcx, %r11, %rcx
        jrcxz 1f
        jmp kontain_stub_restore                // 512 or more: no such call
1:      lea table + KM_TABLE_CLASSES(%rip), %rcx
        movzbl (%rcx, %r11), %ecx
        jrcxz 2f                                // kPlainClass
        lea -1(%rcx), %ecx
        jrcxz 8f                                // kExitlessClass
        lea -1(%rcx), %ecx
        jrcxz 3f                                // kByKindClass
        lea slot + KM_SLOT_LOCAL - 8(%rip), %r11  // kLocalClass + n: RCX is n + 1
        mov (%r11, %rcx, 8), %r11
        mov %r11, %rax
kontain_stub_answered_local:                    // answered
        mov slot + KM_SLOT_RCX(%rip), %rcx
        mov slot + KM_SLOT_R11(%rip), %r11
        jmp *%rcx

kontain_stub_post:                              // saved
8:      mov %rax, slot + KM_SLOT_NUMBER(%rip)
        mov %rdi, slot + KM_SLOT_ARGUMENTS(%rip)
        mov %rsi, slot + KM_SLOT_ARGUMENTS + 8(%rip)
        mov %rdx, slot + KM_SLOT_ARGUMENTS + 16(%rip)
        mov %r10, slot + KM_SLOT_ARGUMENTS + 24(%rip)
        mov %r8, slot + KM_SLOT_ARGUMENTS + 32(%rip)
        mov %r9, slot + KM_SLOT_ARGUMENTS + 40(%rip)
        jmp kontain_stub_stored
2:      jmp kontain_stub_restore
3:      mov %edi, %r11d                         // the first argument, a descriptor
        mov $10, %ecx
        shrx %rcx, %r11, %rcx
        jrcxz 4f
        jmp kontain_stub_restore                // kKindsShown or more, or negative
4:      lea table + KM_TABLE_KINDS(%rip), %rcx
        movzbl (%rcx, %r11), %ecx
        lea -1(%rcx), %ecx
        jrcxz 8b                                // quick
        jmp kontain_stub_restore

kontain_stub_stored:                            // stored
        rdtsc
        mov %eax, %r11d                         // when the wait begins, if there is one
        mov $32, %ecx
        shlx %rcx, %rdx, %rdx
        lea (%rax, %rdx), %rax
        mov slot + KM_SLOT_HEARTBEAT(%rip), %rcx
        not %rcx
        lea 1025(%rax, %rcx), %rax              // its age, and some for counters that differ between processors
        mov table + KM_TABLE_FRESH_SHIFT(%rip), %ecx
        shrx %rcx, %rax, %rcx
        jrcxz 5f
        jmp kontain_stub_unstore                // the server sleeps, or is at something slow
5:      movl $KM_CALL_POSTED, slot + KM_SLOT_STATE(%rip)
6:      pause
        mov slot + KM_SLOT_STATE(%rip), %ecx
        lea -KM_CALL_DONE(%rcx), %ecx
        jrcxz 7f
        lea KM_CALL_DONE - KM_CALL_REFUSED(%rcx), %ecx
        jrcxz 9f
        rdtsc
        mov %r11d, %ecx
        not %ecx
        lea 1(%rax, %rcx), %eax
        mov table + KM_TABLE_SPIN_SHIFT(%rip), %ecx
        shrx %ecx, %eax, %ecx
        jrcxz 6b
        jmp kontain_stub_unstore                // the monitor takes it back, or waits for it
7:      mov slot + KM_SLOT_ARGUMENTS + 16(%rip), %rdx
        mov slot + KM_SLOT_RESULT(%rip), %rax
        movl $KM_CALL_IDLE, slot + KM_SLOT_STATE(%rip)
kontain_stub_answered:                          // answered
        mov slot + KM_SLOT_RCX(%rip), %rcx
        mov slot + KM_SLOT_R11(%rip), %r11
        jmp *%rcx

kontain_stub_unstore:                           // stored
9:      mov slot + KM_SLOT_NUMBER(%rip), %rax
        mov slot + KM_SLOT_ARGUMENTS + 16(%rip), %rdx
kontain_stub_restore:                           // saved
        mov slot + KM_SLOT_RCX(%rip), %rcx
        mov slot + KM_SLOT_R11(%rip), %r11
kontain_stub_ring:                              // intact
        movabs %eax, doorbell
kontain_stub_rung:                              // the call is done
        jmp *%rcx

// Jumped to in the place of a SYSCALL that was replaced: leaves the flags in R11, as that would.
kontain_stub_replaced:                          // intact
        mov %rsp, slot + KM_SLOT_RSP(%rip)
        lea slot + KM_SLOT_STACK_END(%rip), %rsp
kontain_stub_borrowed:                          // borrowed
        pushf
        pop %r11
        mov slot + KM_SLOT_RSP(%rip), %rsp
kontain_stub_given_back:                        // intact
        jmp kontain_stub_start
kontain_stub_end:

        .section .note.GNU-stack, "", @progbits
