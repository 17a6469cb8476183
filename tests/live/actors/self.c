/* SPDX-License-Identifier: Apache-2.0 */
/* What a process can find out about itself and its parent, mostly from /proc. */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Numbers of the initial namespaces: include/linux/proc_ns.h (enum of PROC_*_INIT_INO). */
#define CGROUP_INIT_INO 0xEFFFFFFBu

struct proc_stat {
	char comm[64];
	pid_t ppid;
	unsigned int group, session;
	int tty;
	uint64_t start_ticks;
};

/* Reads /proc/@who/@what; the size, or -1. */
static ssize_t slurp(const char *who, const char *what, char *buf, size_t size) {
	char path[64];
	ssize_t n, all = 0;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", who, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((n = read(fd, buf + all, size - 1 - (size_t)all)) > 0)
		all += n;
	(void)close(fd);
	buf[all] = '\0';
	return n < 0 ? -1 : all;
}

static ssize_t slurp_link(const char *who, const char *what, char *buf, size_t size) {
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "/proc/%s/%s", who, what);
	n = readlink(path, buf, size - 1);
	if (n >= 0)
		buf[n] = '\0';
	return n;
}

static void proc_stat(const char *who, struct proc_stat *ret) {
	char buf[4096], *open_paren, *close_paren;

	if (slurp(who, "stat", buf, sizeof(buf)) < 0)
		die("/proc/%s/stat", who);
	open_paren = strchr(buf, '(');
	close_paren = strrchr(buf, ')');
	*close_paren = '\0';
	(void)snprintf(ret->comm, sizeof(ret->comm), "%s", open_paren + 1);
	if (sscanf(close_paren + 2,
		   "%*c %d %u %u %d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d "
		   "%" SCNu64,
		   &ret->ppid, &ret->group, &ret->session, &ret->tty, &ret->start_ticks) != 5) {
		errno = EBADMSG;
		die("/proc/%s/stat", who);
	}
}

pid_t outer_pid(void) {
	char text[32];
	ssize_t n = readlink("/proc/self", text, sizeof(text) - 1);

	if (n < 0)
		return getpid(); /* no /proc in sight, as after chroot: then we have no namespace */
	text[n] = '\0';
	return atoi(text);
}

static void put_entity(const char *name, pid_t pid, uint64_t start_ticks) {
	char text[64];

	(void)snprintf(text, sizeof(text), "%" PRIx64 "-%x", start_ticks, (unsigned int)pid);
	put_str(name, text);
}

static void put_user(const char *name, uid_t uid) {
	FILE *f = fopen("/etc/passwd", "re");
	struct passwd *pw = NULL;

	if (!f)
		return;
	do
		pw = fgetpwent(f);
	while (pw && pw->pw_uid != uid);
	put_str(name, pw ? pw->pw_name : NULL);
	(void)fclose(f);
}

/* Facts of the parent that may be hidden from us are then not put. */
void truth_parent(pid_t ppid) {
	static char buf[1 << 18];
	struct proc_stat st;
	char who[16];
	unsigned int uid;
	ssize_t n;

	(void)snprintf(who, sizeof(who), "%d", ppid);
	proc_stat(who, &st);
	put_u64("parent.pid", (uint64_t)ppid);
	put_entity("parent.entity_id", ppid, st.start_ticks);
	put_str("parent.name", st.comm);
	n = slurp_link(who, "exe", buf, sizeof(buf));
	if (n > 0)
		put_str("parent.executable", buf);
	if (slurp(who, "status", buf, sizeof(buf)) > 0 && strstr(buf, "\nUid:") &&
	    sscanf(strstr(buf, "\nUid:"), "\nUid: %u", &uid) == 1) {
		put_u64("parent.uid", uid);
		put_user("parent.user", uid);
	}
	n = slurp(who, "cmdline", buf, sizeof(buf));
	for (ssize_t i = 0; i + 1 < n; i++)
		if (!buf[i])
			buf[i] = ' ';
	if (n > 0)
		put_bytes("parent.command_line", buf, (size_t)n - 1);
}

void truth_life(pid_t pid) {
	struct proc_stat st;
	char who[16];

	(void)snprintf(who, sizeof(who), "%d", pid);
	proc_stat(who, &st);
	put_u64("process.pid", (uint64_t)pid);
	put_entity("process.entity_id", pid, st.start_ticks);
}

void truth_target(pid_t pid) {
	struct proc_stat st;
	char who[16];

	(void)snprintf(who, sizeof(who), "%d", pid);
	proc_stat(who, &st);
	put_u64("target.pid", (uint64_t)pid);
	put_entity("target.entity_id", pid, st.start_ticks);
	put_str("target.name", st.comm);
}

void truth_executable(const char *field) {
	char buf[4096];

	if (slurp_link("self", "exe", buf, sizeof(buf)) > 0)
		put_str(field, buf);
}

/* put_four - "Uid:" or "Gid:" of /proc/PID/status: real, effective, saved, of the file system */
static void put_four(const char *prefix, const char *status, const char *row, char kind) {
	static const char *const which[] = { "", "e", "s", "fs" };
	const char *at = strstr(status, row);
	char name[64], *end;

	if (!at)
		die("%s", row);
	at += strlen(row);
	for (int i = 0; i < 4; i++, at = end) {
		(void)snprintf(name, sizeof(name), "%s%s%cid", prefix, which[i], kind);
		put_u64(name, strtoul(at, &end, 10));
	}
}

void truth_credentials(const char *prefix) {
	static const char *const rows[][2] = {
		{ "\nCapEff:", "effective" },
		{ "\nCapPrm:", "permitted" },
		{ "\nCapInh:", "inheritable" },
		{ "\nCapAmb:", "ambient" },
	};
	char buf[8192], name[64];

	if (slurp("thread-self", "status", buf, sizeof(buf)) < 0)
		die("/proc/thread-self/status");
	put_four(prefix, buf, "\nUid:", 'u');
	put_four(prefix, buf, "\nGid:", 'g');
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)snprintf(name, sizeof(name), "%scap_%s", prefix, rows[i][1]);
		put_u64(name, strtoull(strstr(buf, rows[i][0]) + 8, NULL, 16));
	}
}

void truth_user(const char *field, uid_t uid) {
	put_user(field, uid);
}

void truth_image(void) {
	char name[64];
	ssize_t n = slurp("thread-self", "comm", name, sizeof(name));

	if (n > 0)
		put_bytes("process.name", name, (size_t)n - 1);
	truth_executable("process.executable");
	put_user("process.user", getuid());
	put_u64("process.uid", getuid());
	put_u64("process.gid", getgid());
	put_u64("process.euid", geteuid());
}

static uint64_t put_ns(const char *name, const char *kind) {
	char path[32], buf[64];
	uint64_t ino;

	(void)snprintf(path, sizeof(path), "ns/%s", kind);
	if (slurp_link("self", path, buf, sizeof(buf)) < 0 || !strchr(buf, '['))
		return 0;
	ino = strtoull(strchr(buf, '[') + 1, NULL, 10);
	put_u64(name, ino);
	return ino;
}

/*
 * put_ancestors - whoever is above, from /proc: as long as nobody's parent has ended, these are
 * those that made one another
 */
static void put_ancestors(pid_t ppid) {
	char ids[64][32], names[8][64], *id[64], *name[8], who[16];
	struct proc_stat st;
	int n = 0;

	for (; ppid && n < 64; ppid = st.ppid, n++) {
		(void)snprintf(who, sizeof(who), "%d", ppid);
		proc_stat(who, &st);
		(void)snprintf(ids[n], sizeof(ids[n]), "%" PRIx64 "-%x", st.start_ticks,
			       (unsigned int)ppid);
		id[n] = ids[n];
		if (n < 8) {
			(void)snprintf(names[n], sizeof(names[n]), "%s", st.comm);
			name[n] = names[n];
		}
	}
	put_strv("lineage.ids", id, n);
	put_strv("lineage.names", name, n < 8 ? n : 8);
}

/* truth_whence - namespaces, container and ancestors; @orphan: our parent was another */
static void truth_whence(pid_t ppid, bool orphan) {
	static const char *const kinds[] = { "mnt", "pid", "net", "user", "uts", "ipc", "cgroup" };
	char name[32], cgroup[4096];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		(void)snprintf(name, sizeof(name), "process.ns_%s", kinds[i]);
		(void)put_ns(name, kinds[i]);
	}
	if (slurp("self", "cgroup", cgroup, sizeof(cgroup)) > 0 && !strstr(cgroup, "docker") &&
	    !strstr(cgroup, "pod"))
		put_null("container.id");
	if (!orphan)
		put_ancestors(ppid);
}

void truth_doer(void) {
	const char *kept = getenv("LIVE_PARENT");
	struct proc_stat st;
	char buf[64];
	ssize_t n;

	proc_stat("self", &st);
	put_u64("process.pid", (uint64_t)outer_pid());
	n = readlink("/proc/thread-self", buf, sizeof(buf) - 1);
	if (n > 0) {
		buf[n] = '\0';
		put_u64("process.tid", (uint64_t)atoi(strrchr(buf, '/') + 1));
	}
	put_entity("process.entity_id", outer_pid(), st.start_ticks);
	truth_image();
	if (kept)
		put_kept(kept);
	else
		truth_parent(st.ppid);
	truth_whence(st.ppid, kept != NULL);
}

void truth_keep_parent(void) {
	struct proc_stat st;
	const char *members;

	proc_stat("self", &st);
	truth_open("");
	truth_parent(st.ppid);
	members = strstr(truth_take(), "\"parent.pid\"");
	if (!members || setenv("LIVE_PARENT", members, 1))
		die("LIVE_PARENT");
}

static void put_number(const char *name, const char *file) {
	char buf[64];

	if (slurp("self", file, buf, sizeof(buf)) > 0)
		put_u64(name, strtoull(buf, NULL, 10));
}

static void put_caps(void) {
	static const char *const rows[][2] = {
		{ "CapEff", "process.cap_effective" },	 { "CapPrm", "process.cap_permitted" },
		{ "CapInh", "process.cap_inheritable" }, { "CapBnd", "process.cap_bounding" },
		{ "CapAmb", "process.cap_ambient" },
	};
	char buf[8192], *at;

	if (slurp("thread-self", "status", buf, sizeof(buf)) < 0)
		die("/proc/thread-self/status");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		at = strstr(buf, rows[i][0]);
		if (at)
			put_u64(rows[i][1], strtoull(strchr(at, ':') + 1, NULL, 16));
	}
}

/* Where a hierarchy is mounted, from mountinfo: "... - cgroup2 source options". */
static bool cgroup_mount(const char *kind, const char *option, char *ret, size_t size) {
	char row[4096], root[4096];
	bool found = false;
	FILE *f = fopen("/proc/self/mountinfo", "re");

	while (f && !found && fgets(row, sizeof(row), f)) {
		char *at = strstr(row, kind);

		found = at && strstr(at + strlen(kind), option) &&
			sscanf(row, "%*s %*s %*s %4095s %4095s", root, ret) == 2 &&
			!strcmp(root, "/") && strlen(ret) < size;
	}
	if (f)
		(void)fclose(f);
	return found;
}

bool truth_cgroup(char *ret_path, struct stat *ret) {
	char buf[4096], mount[4096], dir[8200], *at;
	bool v1;

	if (slurp("self", "cgroup", buf, sizeof(buf)) <= 0)
		return false;
	at = strstr(buf, ":memory:");
	v1 = at != NULL;
	if (!v1)
		at = !strncmp(buf, "0::", 3) ? buf + 1 : strstr(buf, "\n0::");
	if (!at)
		return false;
	at = strchr(at, '/');
	at[strcspn(at, "\n")] = '\0';
	(void)snprintf(ret_path, PATH_MAX, "%s", at);
	if (!cgroup_mount(v1 ? " - cgroup " : " - cgroup2 ", v1 ? "memory" : "", mount,
			  sizeof(mount)))
		return false;
	(void)snprintf(dir, sizeof(dir), "%s%s", mount, at);
	return !stat(dir, ret);
}

static void put_cgroup(bool initial_ns) {
	char path[PATH_MAX] = "";
	struct stat st;
	bool known;

	if (!initial_ns)
		return;
	known = truth_cgroup(path, &st);
	if (*path)
		put_str("process.cgroup", path);
	if (known)
		put_u64("process.cgroup_id", st.st_ino);
}

void truth_ids(void) {
	uid_t r, e, s;
	gid_t rg, eg, sg;
	struct proc_stat st;

	if (getresuid(&r, &e, &s) || getresgid(&rg, &eg, &sg))
		die("getresuid");
	proc_stat("self", &st);
	put_u64("process.egid", eg);
	put_u64("process.suid", s);
	put_u64("process.sgid", sg);
	/* An id that cannot be gives the present one and changes nothing. */
	put_u64("process.fsuid", (uid_t)setfsuid((uid_t)-1));
	put_u64("process.fsgid", (gid_t)setfsgid((gid_t)-1));
	put_number("process.login_uid", "loginuid");
	put_number("process.login_session", "sessionid");
	put_u64("process.session", st.session);
	put_u64("process.group", st.group);
	put_caps();
	put_ns("process.ns_mnt", "mnt");
	put_ns("process.ns_pid", "pid");
	put_ns("process.ns_net", "net");
	put_ns("process.ns_user", "user");
	put_ns("process.ns_uts", "uts");
	put_ns("process.ns_ipc", "ipc");
	put_cgroup(put_ns("process.ns_cgroup", "cgroup") == CGROUP_INIT_INO);
	put_u64("process.ns_tgid", (uint64_t)syscall(SYS_getpid));
}

void truth_self(void) {
	char cwd[1 << 14];
	struct proc_stat st;
	char tty[64];

	truth_ids();
	if (slurp_link("self", "cwd", cwd, sizeof(cwd)) > 0)
		put_str("process.cwd", cwd);
	proc_stat("self", &st);
	/* Numbers 136 to 143 are the pseudo terminals: Documentation/admin-guide/devices.txt. */
	if (!st.tty)
		put_null("process.tty");
	if ((st.tty >> 8 & 0xfff) == 136) {
		st.tty = (st.tty & 0xff) | (st.tty >> 12 & 0xfff00);
		(void)snprintf(tty, sizeof(tty), "pts/%d", st.tty);
		put_str("process.tty", tty);
	}
}
