/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executes a program that brings rights, as somebody who has none: by its set-user-id or
 * set-group-id bit, by file capabilities; and one that brings nothing.
 */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define NOBODY 65534

static void copy_self(const char *to, mode_t mode) {
	int in = open("/proc/self/exe", O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0755);
	struct stat st;

	if (in < 0 || out < 0 || fstat(in, &st))
		die("'%s'", to);
	while (st.st_size > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)st.st_size);

		if (n <= 0)
			die("sendfile");
		st.st_size -= n;
	}
	if (fchmod(out, mode) || close(out) || close(in))
		die("'%s'", to);
}

static void give_capability(const char *path) {
	const struct vfs_cap_data data = {
		.magic_etc = VFS_CAP_REVISION_2 | VFS_CAP_FLAGS_EFFECTIVE,
		.data = { { .permitted = 1u << CAP_NET_RAW } },
	};

	if (setxattr(path, "security.capability", &data, sizeof(data), 0))
		skip("file capabilities: %s", strerror(errno));
}

static void become_nobody(void) {
	if (setgroups(0, NULL) || setresgid(NOBODY, NOBODY, NOBODY) ||
	    setresuid(NOBODY, NOBODY, NOBODY))
		skip("somebody without rights: %s", strerror(errno));
}

/* in_child - does it there, and waits for its end; the wait status */
static int in_child(void (*act)(const char *), const char *how) {
	pid_t pid = fork();
	int status;

	if (pid < 0)
		die("fork");
	if (!pid) {
		act(how);
		exit(0);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

/* become - remembers, for the program to be, what we were */
static void become(const char *how) {
	const char *members;

	truth_open("");
	truth_doer();
	truth_credentials("credentials.old_");
	members = strchr(truth_take(), ',') + 2;
	if (setenv("LIVE_BEFORE", members, 1))
		die("setenv");
	deed_env_start();
	(void)execl("./program", "program", how, NULL);
	die("exec");
}

/* lose - the changes that go before are one process's, the exec is another's */
static void lose(const char *how) {
	become_nobody();
	if (in_child(become, how))
		exit(1);
}

/* tell - as the program that was executed: what it has become */
static int tell(bool silent) {
	deed_from_env();
	truth_open("PROCESS_CREDENTIALS");
	put_kept(getenv("LIVE_BEFORE"));
	truth_credentials("credentials.");
	put_str("outcome", "ATTEMPTED");
	if (silent)
		put_times(0, 0);
	truth_close();
	return 0;
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "setuid";

	if (getenv("LIVE_BEFORE"))
		return tell(!strcmp(how, "nothing"));
	if (geteuid())
		skip("needs root");
	copy_self("program", !strcmp(how, "setuid")   ? 04755 :
			     !strcmp(how, "setgid") ? 02755 :
						      0755);
	if (!strcmp(how, "capability"))
		give_capability("program");
	return in_child(lose, how) != 0;
}
