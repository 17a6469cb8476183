/* SPDX-License-Identifier: Apache-2.0 */
/* The least a process can do; linked statically and without the C library's start. */
#include <unistd.h>

_Noreturn void _start(void);

void _start(void) {
	_exit(0);
}
