/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/audit.h"

#include <errno.h>
#include <strings.h>
#include <sys/stat.h>

#include "event/field.h"

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof((table)[0]))

#define PATH(of, how, field, as)                                                                   \
	{                                                                                          \
		.kind = WIRE_##of, .type = AUDIT_PATH, .access = (how), .name = FIELD_##field,     \
		.nametype = (as)                                                                   \
	}
#define CALL(of, ...)                                                                              \
	{ .kind = WIRE_##of, .type = AUDIT_SYSCALL, __VA_ARGS__ }

/* A new kind of event is a row here for each record. In the order of kinds. */
static const struct audit_record records[] = {
	CALL(PROCESS_EXEC, .syscalls = { "execve", "execveat" }),
	{ .kind = WIRE_PROCESS_EXEC, .type = AUDIT_EXECVE },
	PATH(PROCESS_EXEC, AUDIT_EXEC, PROCESS_EXECUTABLE, "NORMAL"),
	PATH(FILE_CREATE, AUDIT_WRITE, FILE_PATH, "CREATE"),
	PATH(FILE_OPEN, AUDIT_WRITE, FILE_PATH, "NORMAL"),
	PATH(FILE_RENAME, AUDIT_WRITE, FILE_OLD_PATH, "DELETE"),
	PATH(FILE_RENAME, AUDIT_WRITE, FILE_PATH, "CREATE"),
	PATH(FILE_UNLINK, AUDIT_WRITE, FILE_PATH, "DELETE"),
	PATH(FILE_CHMOD, AUDIT_ATTRIBUTE, FILE_PATH, "NORMAL"),
	PATH(FILE_CHOWN, AUDIT_ATTRIBUTE, FILE_PATH, "NORMAL"),
	PATH(FILE_LINK, AUDIT_WRITE, FILE_PATH, "CREATE"),
	PATH(FILE_SYMLINK, AUDIT_WRITE, FILE_PATH, "CREATE"),
	PATH(FILE_READ, AUDIT_READ, FILE_PATH, "NORMAL"),
	PATH(FILE_TRUNCATE, AUDIT_WRITE, FILE_PATH, "NORMAL"),
	PATH(FILE_MKDIR, AUDIT_WRITE, FILE_PATH, "CREATE"),
	PATH(FILE_RMDIR, AUDIT_WRITE, FILE_PATH, "DELETE"),
	/* glibc calls mknodat for both, and rules ask for either */
	CALL(FILE_MKNOD, .syscalls = { "mknod", "mknodat" }, .before = true, .node = true),
	PATH(FILE_MKNOD, AUDIT_WRITE, FILE_PATH, "CREATE"),
	PATH(FILE_SETXATTR, AUDIT_ATTRIBUTE, FILE_PATH, "NORMAL"),
	PATH(FILE_REMOVEXATTR, AUDIT_ATTRIBUTE, FILE_PATH, "NORMAL"),
	CALL(NET_CONNECT, .syscalls = { "connect" }),
	/* a1 would be the type with its flags, which we do not keep */
	CALL(NET_SOCKET, .syscalls = { "socket" },
	     .args = { FIELD_NET_FAMILY, 0, FIELD_NET_PROTOCOL }),
	CALL(INJECT_MEMFD, .syscalls = { "memfd_create" }),
	CALL(KERNEL_MODULE_LOAD, .syscalls = { "finit_module", "init_module" }),
	CALL(KERNEL_MODULE_UNLOAD, .syscalls = { "delete_module" }),
};

const struct audit_record *audit_records(uint32_t *ret_n) {
	*ret_n = COUNT(records);
	return records;
}

bool audit_tells(const struct audit_record *r, const struct event *e) {
	bool before = event_has(e, FIELD_OUTCOME) && e->outcome == OUTCOME_ATTEMPTED;

	if (r->type == AUDIT_SYSCALL && before && !r->before)
		return false;
	return !r->node || !event_has(e, FIELD_FILE_NEW_MODE) || !S_ISSOCK(e->file.new_mode);
}

#define ALL (AUDIT_SYSCALL | AUDIT_EXECVE | AUDIT_PATH)

static const struct {
	const char *name;
	struct audit_taxon taxon;
} names[] = {
	{ "type", { AUDIT_RECORD_TYPE, ALL, 0 } },
	{ "SYSCALL", { AUDIT_SYSCALL_NAME, AUDIT_SYSCALL, 0 } },
	{ "syscall", { AUDIT_SYSCALL_NAME, AUDIT_SYSCALL, 0 } },
	{ "success", { AUDIT_SUCCESS, AUDIT_SYSCALL, 0 } },
	{ "exit", { AUDIT_EXIT, AUDIT_SYSCALL, 0 } },
	{ "key", { AUDIT_KEY, AUDIT_SYSCALL | AUDIT_PATH, 0 } },
	{ "pid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_PID } },
	{ "ppid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PARENT_PID } },
	{ "auid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_LOGIN_UID } },
	{ "uid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_UID } },
	{ "gid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_GID } },
	{ "euid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_EUID } },
	{ "egid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_EGID } },
	{ "suid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_SUID } },
	{ "sgid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_SGID } },
	{ "fsuid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_FSUID } },
	{ "fsgid", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_FSGID } },
	{ "ses", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_LOGIN_SESSION } },
	{ "tty", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_TTY } },
	{ "comm", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_NAME } },
	{ "exe", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_EXECUTABLE } },
	/* not audit's, but rules for Linux's OMI ask for them there */
	{ "cwd", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_CWD } },
	{ "cmdline", { AUDIT_FIELD, AUDIT_SYSCALL, FIELD_PROCESS_COMMAND_LINE } },
	{ "argc", { AUDIT_ARGC, AUDIT_EXECVE, 0 } },
	{ "name", { AUDIT_NAME, AUDIT_PATH, 0 } },
	{ "nametype", { AUDIT_NAMETYPE, AUDIT_PATH, 0 } },
	{ "inode", { AUDIT_FIELD, AUDIT_PATH, FIELD_FILE_INODE } },
	{ "ouid", { AUDIT_FIELD, AUDIT_PATH, FIELD_FILE_UID } },
	{ "ogid", { AUDIT_FIELD, AUDIT_PATH, FIELD_FILE_GID } },
	/* of records that this sensor has no event for */
	{ "unit", { AUDIT_NONE, 0, 0 } },
	{ "acct", { AUDIT_NONE, 0, 0 } },
	{ "addr", { AUDIT_NONE, 0, 0 } },
	{ "arch", { AUDIT_NONE, 0, 0 } },
	{ "data", { AUDIT_NONE, 0, 0 } },
	{ "dev", { AUDIT_NONE, 0, 0 } },
	{ "hostname", { AUDIT_NONE, 0, 0 } },
	{ "item", { AUDIT_NONE, 0, 0 } },
	{ "items", { AUDIT_NONE, 0, 0 } },
	{ "mode", { AUDIT_NONE, 0, 0 } },
	{ "msg", { AUDIT_NONE, 0, 0 } },
	{ "op", { AUDIT_NONE, 0, 0 } },
	{ "proctitle", { AUDIT_NONE, 0, 0 } },
	{ "res", { AUDIT_NONE, 0, 0 } },
	{ "saddr", { AUDIT_NONE, 0, 0 } },
	{ "terminal", { AUDIT_NONE, 0, 0 } },
};

/* argument_number - the N of "aN", or -1 */
static int argument_number(struct str name) {
	int n = 0;

	if (name.n < 2 || name.n > 4 || name.s[0] != 'a' || (name.s[1] == '0' && name.n > 2))
		return -1;
	for (uint32_t i = 1; i < name.n; i++) {
		if (name.s[i] < '0' || name.s[i] > '9')
			return -1;
		n = n * 10 + (name.s[i] - '0');
	}
	return n < 256 ? n : -1;
}

int audit_field(struct str name, struct audit_taxon *ret) {
	int n = argument_number(name);

	if (n >= 0) {
		*ret = (struct audit_taxon){ AUDIT_ARGUMENT, AUDIT_SYSCALL | AUDIT_EXECVE,
					     (uint8_t)n };
		return 0;
	}
	for (uint32_t i = 0; i < COUNT(names); i++) {
		if (str_eq(name, str_of(names[i].name))) {
			*ret = names[i].taxon;
			return 0;
		}
	}
	return -ENOENT;
}

const char *audit_nearest(struct str name) {
	for (uint32_t i = 0; i < COUNT(names); i++) {
		if (strlen(names[i].name) == name.n && !strncasecmp(names[i].name, name.s, name.n))
			return names[i].name;
	}
	return NULL;
}

static const struct {
	const char *id;
	uint8_t access;
} accesses[] = {
	{ "ca94a6db-8106-4737-9ed2-3e3bb826af0a", AUDIT_READ }, /* password policy discovery */
	{ "f34047d9-20d3-4e8b-8672-0a35cc50dc71", AUDIT_READ }, /* system information discovery */
	{ "9e1bef8d-0fff-46f6-8465-9aa54e128c1e", AUDIT_EXEC }, /* hidden binary execution */
};

uint8_t audit_access_of(struct str id) {
	for (uint32_t i = 0; id.s && i < COUNT(accesses); i++) {
		if (id.n == 36 && strncasecmp(id.s, accesses[i].id, 36) == 0)
			return accesses[i].access;
	}
	return AUDIT_WRITE | AUDIT_ATTRIBUTE;
}

/*
 * What the audit rules that Sigma's rules refer to (Neo23x0/auditd) give the key
 * "susp_activity": programs that talk to the network or hide text, where they are
 * commonly installed, and the units of two servers of TFTP.
 */
static const struct str programs[] = {
	STR("atftpd"), STR("base64"), STR("curl"), STR("ftp"), STR("in.tftpd"), STR("nc"),
	STR("nc.openbsd"), STR("nc.traditional"), STR("ncat"), STR("netcat"), STR("netstat"),
	STR("nmap"), STR("rawshark"), STR("rdesktop"), STR("scp"), STR("sftp"), STR("socat"),
	STR("ss"), STR("ssh"), STR("tshark"), STR("uftp"), STR("wget"), STR("wireshark"),
	STR("wlfreerdp"), STR("xfreerdp"),
};

static bool one_of(struct str x, const struct str *words, uint32_t n) {
	for (uint32_t i = 0; i < n; i++) {
		if (str_eq(x, words[i]))
			return true;
	}
	return false;
}

bool audit_key_program(struct str path) {
	static const struct str folders[] = { STR("/bin/"), STR("/sbin/"), STR("/usr/bin/"),
					      STR("/usr/sbin/"), STR("/usr/local/bin/") };
	struct str base = str_basename(path);

	return one_of((struct str){ path.s, path.n - base.n }, folders, COUNT(folders)) &&
	       one_of(base, programs, COUNT(programs));
}

bool audit_key_file(struct str path) {
	static const struct str folders[] = { STR("/lib/systemd/system/"),
					      STR("/usr/lib/systemd/system/") };
	static const struct str units[] = { STR("atftpd.service"), STR("atftpd.socket"),
					    STR("uftp.service") };
	struct str base = str_basename(path);

	return one_of((struct str){ path.s, path.n - base.n }, folders, COUNT(folders)) &&
	       one_of(base, units, COUNT(units));
}
