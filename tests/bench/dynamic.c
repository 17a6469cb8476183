/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dynamic.c - the least that a dynamic linker can be asked to run: it ends at once
 * Linked to the linker "./ld.so", which the bench puts beside it, so that no file is read from
 * elsewhere. x86-64.
 */
_Noreturn void _start(void);

void _start(void) {
	for (;;)
		__asm__ volatile("syscall" : : "a"(231L /* exit_group */), "D"(0L) : "rcx", "r11");
}
