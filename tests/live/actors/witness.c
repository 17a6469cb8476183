/* SPDX-License-Identifier: Apache-2.0 */
/* Is executed, in all the ways that exec.c knows, and tells what it finds itself to be. */
#include "truth.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/auxv.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
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

static const char *device(dev_t rdev) {
	if (rdev == makedev(1, 3))
		return "null";
	return major(rdev) == 136 ? "terminal" : "device";
}

/* What fstat(2) says of a descriptor; it gives no type for an inode of no file system. */
static void put_stream(const char *name, int fd) {
	struct stat st;

	if (fstat(fd, &st)) {
		put_str(name, "closed");
		return;
	}
	switch (st.st_mode & S_IFMT) {
	case S_IFREG:
		put_str(name, "file");
		break;
	case S_IFDIR:
		put_str(name, "directory");
		break;
	case S_IFIFO:
		put_str(name, "pipe");
		break;
	case S_IFSOCK:
		put_str(name, "socket");
		break;
	case S_IFCHR:
		put_str(name, device(st.st_rdev));
		break;
	default:
		put_str(name, "other");
	}
}

/* is_told - whether a variable is one of those that are told unless --env says otherwise */
static bool is_told(const char *variable) {
	static const char *const names[] = {
		"LD_", "GCONV_PATH=", "BASH_ENV=", "ENV=", "PROMPT_COMMAND=", "PYTHONSTARTUP=",
		"PYTHONPATH=", "PERL5OPT=", "PERL5LIB=", "RUBYOPT=", "NODE_OPTIONS=",
		"JAVA_TOOL_OPTIONS=", "GIT_SSH_COMMAND=", "SSH_CONNECTION=", "SSH_CLIENT=",
		"SUDO_USER=", "HISTFILE=",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strncmp(variable, names[i], strlen(names[i])))
			return true;
	return false;
}

#define ENV_POINTERS 511 /* bpf/maps.h: so many variables are looked at, */
#define ENV_VALUE 1023	 /* bpf/env.h: and so much is told of one */

static void put_environment(void) {
	static char *told[64];
	int n = 0;

	for (int i = 0; environ[i] && i < ENV_POINTERS && n < 64; i++)
		if (is_told(environ[i]))
			told[n++] = strndup(environ[i], ENV_VALUE);
	if (n)
		put_strv("exec.environment", told, n);
	else
		put_str("exec.environment", NULL);
}

static void put_place(const char *exe, const struct stat *st) {
	struct statfs fs;
	bool memory = !strncmp(exe, "/memfd:", 7);

	if (statfs("/proc/self/exe", &fs))
		die("statfs");
	put_bool("exec.unlinked", !st->st_nlink);
	put_bool("exec.memory", memory);
	put_bool("exec.tmpfs", fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

/* put_program_layer - where layer.c has put us */
static void put_program_layer(const char *layer) {
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/program", layer);
	if (stat(path, &st))
		die("%s", path);
	put_layer(layer, &st);
}

/* The scripts that were run before us, first the one that was called; each by its full name. */
static void tell_scripts(const char *names) {
	const char *called = NULL, *invoked = (const char *)getauxval(AT_EXECFN);
	char *all = strdup(names), cwd[4096], path[8192];

	if (!all || !getcwd(cwd, sizeof(cwd)))
		die("scripts");
	for (char *name = strtok(all, " "); name; name = strtok(NULL, " ")) {
		struct stat st;

		if (stat(name, &st))
			die("'%s'", name);
		(void)snprintf(path, sizeof(path), "%s/%s", cwd, name);
		truth_open("PROCESS_SCRIPT");
		put_kept(getenv("LIVE_BEFORE"));
		put_str("file.path", path);
		put_inode("file", &st);
		put_str("exec.invoked", invoked);
		put_str("exec.interpreter", called ? path : NULL);
		truth_close();
		called = name;
	}
	free(all);
}

int main(int argc, char **argv) {
	const char *script = getenv("LIVE_SCRIPT"), *layer = getenv("LIVE_LAYER");
	char exe[4096] = "";
	struct stat st;

	deed_from_env();
	if (stat("/proc/self/exe", &st) || readlink("/proc/self/exe", exe, sizeof(exe) - 1) < 0)
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
	put_stream("exec.in", STDIN_FILENO);
	put_stream("exec.out", STDOUT_FILENO);
	put_stream("exec.err", STDERR_FILENO);
	put_place(exe, &st);
	put_environment();
	if (layer)
		put_program_layer(layer);
	if (getenv("LIVE_LOOSE"))
		put_str("@or.process.executable", getenv("LIVE_LOOSE"));
	truth_close();
	if (getenv("LIVE_SCRIPTS"))
		tell_scripts(getenv("LIVE_SCRIPTS"));
	return 0;
}
