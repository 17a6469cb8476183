/* SPDX-License-Identifier: Apache-2.0 */
/* Is executed, in all the ways that exec.c knows, and tells what it finds itself to be. */
#include "truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

static void put_args(int argc, char **argv) {
	static char line[4 << 20];
	size_t bytes = 0, n = 0;

	for (int i = 0; i < argc; i++) {
		size_t len = strlen(argv[i]);

		if (bytes + len + 1 > sizeof(line))
			die("arguments");
		memcpy(line + n, argv[i], len);
		n += len;
		if (i + 1 < argc)
			line[n++] = ' ';
		bytes += len + 1;
	}
	put_strv("exec.args", argv, argc);
	put_u64("exec.args_bytes", bytes);
	put_bytes("process.command_line", line, n);
}

int main(int argc, char **argv) {
	const char *script = getenv("LIVE_SCRIPT");
	struct stat st;

	deed_from_env();
	if (stat("/proc/self/exe", &st))
		die("/proc/self/exe");
	truth_open("PROCESS_EXEC");
	truth_doer();
	truth_self();
	put_args(argc, argv);
	/* The kernel leaves linux_binprm::filename on our stack: create_elf_tables(). */
	put_str("exec.invoked", (const char *)getauxval(AT_EXECFN));
	put_str("exec.script", script);
	put_str("exec.interpreter", script ? getenv("LIVE_INTERPRETER") : NULL);
	put_inode("exec", &st);
	put_u64("exec.links", st.st_nlink);
	truth_close();
	return 0;
}
