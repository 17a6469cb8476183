/* SPDX-License-Identifier: Apache-2.0 */
/* Changes its own ids or capabilities, by the bare system calls; and asks for what it has. */
#include "truth.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOBODY 65534 /* in every /etc/passwd: a user without a name is another case */
#define KEEP (-1)    /* to the setre*id and setres*id calls: as it was */

static long drop(unsigned int capability) {
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		die("capget");
	data[0].effective &= ~(1u << capability);
	data[0].permitted &= ~(1u << capability);
	return syscall(SYS_capset, &head, data);
}

static const struct {
	const char *name;
	long number;
	int arguments[3];
} calls[] = {
	{ "setuid", SYS_setuid, { NOBODY } },
	{ "setgid", SYS_setgid, { 61002 } },
	{ "setreuid", SYS_setreuid, { KEEP, 61003 } },
	{ "setregid", SYS_setregid, { 61004, KEEP } },
	{ "setresuid", SYS_setresuid, { NOBODY, 61006, 61007 } },
	{ "setresgid", SYS_setresgid, { 61008, 61009, 61010 } },
	{ "setfsuid", SYS_setfsuid, { 61011 } },
	{ "setfsgid", SYS_setfsgid, { 61012 } },
	{ "nothing", SYS_setresuid, { KEEP, KEEP, KEEP } },
	{ "unchanged", SYS_setuid, { 0 } },
};

static long change(const char *how) {
	if (!strcmp(how, "capset"))
		return drop(CAP_SYS_TIME);
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (!strcmp(calls[i].name, how))
			return syscall(calls[i].number, calls[i].arguments[0],
				       calls[i].arguments[1], calls[i].arguments[2]);
	errno = EINVAL;
	return -1;
}

int main(int argc, char **argv) {
	const char *how = argc > 1 ? argv[1] : "setuid";
	char *before;

	if (geteuid())
		skip("needs root");
	truth_open("");
	truth_doer();
	truth_credentials("credentials.old_");
	before = strdup(strchr(truth_take(), ',') + 2);
	if (!before)
		die("memory");
	deed_start();
	if (change(how) < 0)
		die("%s", how);
	deed_stop(false);
	truth_open("PROCESS_CREDENTIALS");
	put_kept(before);
	truth_credentials("credentials.");
	/* seen at the call's end, the doer is what it has become */
	put_u64("@done.process.uid", getuid());
	put_u64("@done.process.gid", getgid());
	put_u64("@done.process.euid", geteuid());
	truth_user("@done.process.user", getuid());
	if (!strcmp(how, "nothing"))
		put_times(0, 0);
	if (!strcmp(how, "unchanged"))
		put_times(0, 1); /* only a hook that sees both sides can leave it out */
	truth_close();
	return 0;
}
