/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes a name: unlink, unlinkat, one of two links, a file that is not there; and one that a
 * filter of system calls keeps, while it says that it went.
 */
#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* From here on unlinkat(2) is not done, and gives 0. */
static void forge(void) {
	struct sock_filter steps[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unlinkat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = { sizeof(steps) / sizeof(steps[0]), steps };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		skip("no filters here: %s", strerror(errno));
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "unlink";
	bool missing = !strcmp(how, "missing"), forged = !strcmp(how, "forged");
	struct stat before;
	int error, dir;

	make_dir("sub");
	make_file("sub/gone", 0606);
	before = look("sub/gone");
	if (!strcmp(how, "one_of_two") && link("sub/gone", "sub/stays"))
		die("link");
	dir = open("sub", O_RDONLY | O_DIRECTORY);
	if (forged)
		forge();
	truth_window();
	deed_start();
	if (!strcmp(how, "unlinkat") || forged)
		error = unlinkat(dir, "gone", 0);
	else
		error = unlink(missing ? "sub/nothing" : "sub/gone");
	deed_stop(error);
	if (error && !missing)
		die("%s", how);
	tell_open("FILE_UNLINK", here(), missing ? "sub/nothing" : "sub/gone",
		  missing ? NULL : &before);
	if (missing)
		put_times(0, 0);
	if (forged)
		put_str("outcome", "ATTEMPTED");
	truth_close();
	if (forged)
		linger();
	truth_window();
	return 0;
}
