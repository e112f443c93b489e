/* System calls that are cancellation points; a direct call as in arch/x86_64/syscall_arch.h. Cancellation acts when the
 * interrupted program counter is in [__cp_begin, __cp_end); the entry shows __cp_end - 2 or __cp_end, never itself. */
.text
.global __cp_begin
.hidden __cp_begin
.global __cp_end
.hidden __cp_end
.global __cp_cancel
.hidden __cp_cancel
.hidden __cancel
.hidden __kontain_entry
.global __syscall_cp_asm
.hidden __syscall_cp_asm
.type   __syscall_cp_asm,@function
__syscall_cp_asm:

__cp_begin:
	mov (%rdi),%eax
	test %eax,%eax
	jnz __cp_cancel
	mov %rdi,%r11
	mov %rsi,%rax
	mov %rdx,%rdi
	mov %rcx,%rsi
	mov %r8,%rdx
	mov %r9,%r10
	mov 8(%rsp),%r8
	mov 16(%rsp),%r9
	mov %r11,8(%rsp)
	mov __kontain_entry(%rip),%r11
	test %r11,%r11
	jz 1f
	lea __cp_end(%rip),%rcx
	jmp *%r11
1:	syscall
__cp_end:
	ret
__cp_cancel:
	jmp __cancel
