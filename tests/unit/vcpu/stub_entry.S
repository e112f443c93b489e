// void kontain_stub_test_enter(Registers* registers, const void* stub): enters the stub as SYSCALL would, and takes down
// what comes back. Registers: rax rdi rsi rdx r10 r8 r9 flags rcx r11, eight bytes each.
        .text
        .globl kontain_stub_test_enter
        .type kontain_stub_test_enter, @function
kontain_stub_test_enter:
        push %rbx
        push %rbp
        push %r12
        mov %rdi, %rbx
        mov %rsi, %rbp
        mov 0(%rbx), %rax
        mov 8(%rbx), %rdi
        mov 16(%rbx), %rsi
        mov 24(%rbx), %rdx
        mov 32(%rbx), %r10
        mov 40(%rbx), %r8
        mov 48(%rbx), %r9
        mov 56(%rbx), %r11
        lea 1f(%rip), %rcx
        push %r11
        popf
        jmp *%rbp
1:      mov %rcx, 64(%rbx)
        mov %r11, 72(%rbx)
        pushf
        pop %r11
        mov %r11, 56(%rbx)
        mov %rax, 0(%rbx)
        mov %rdi, 8(%rbx)
        mov %rsi, 16(%rbx)
        mov %rdx, 24(%rbx)
        mov %r10, 32(%rbx)
        mov %r8, 40(%rbx)
        mov %r9, 48(%rbx)
        pop %r12
        pop %rbp
        pop %rbx
        ret
        .size kontain_stub_test_enter, . - kontain_stub_test_enter

        .section .note.GNU-stack, "", @progbits
