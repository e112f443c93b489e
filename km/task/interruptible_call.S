// long kontain_interruptible_call(const volatile int* signal_in_hand, long number, const uint64_t arguments[6])
//
// Between the labels `start` and `made` the call has not been made: the handler of a signal that arrives there lets
// the thread go on at `cancelled` (interruptible_call.h). A SYSCALL that the kernel restarts stands before `made` too.
        .text
        .globl kontain_interruptible_call, kontain_interruptible_start, kontain_interruptible_made
        .globl kontain_interruptible_cancelled
        .type kontain_interruptible_call, @function
kontain_interruptible_call:
        mov %rsi, %rax
        mov %rdi, %rcx
        mov %rdx, %r11
        mov 0(%r11), %rdi
        mov 8(%r11), %rsi
        mov 16(%r11), %rdx
        mov 24(%r11), %r10
        mov 32(%r11), %r8
        mov 40(%r11), %r9
kontain_interruptible_start:
        cmpl $0, (%rcx)
        jne kontain_interruptible_cancelled
        syscall
kontain_interruptible_made:
        ret
kontain_interruptible_cancelled:
        mov $-513, %rax  // -kRestart of lifecycle.h
        ret
        .size kontain_interruptible_call, . - kontain_interruptible_call

        .section .note.GNU-stack, "", @progbits
