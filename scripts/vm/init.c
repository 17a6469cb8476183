/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init.c - process 1 of a test guest: one command in the host's own file tree
 *
 * guest.py puts a file /job into the initramfs: strings "key=value", each ended
 * by a NUL, in the order in which they are to be done. Init loads the modules,
 * mounts the host's tree read-only, lays writable layers over parts of it, runs
 * the command and reports over one virtio-serial port in frames: one byte that
 * says what ('c' the clock, in milliseconds, 's' started, '1' standard output, '2' standard
 * error, 'x' the exit status), four bytes of length, lowest first, and that many bytes. One port,
 * because two keep no order: when the status is there, so is all output, and the host ends qemu.
 *
 *	module=PATH	insmod, a path in the initramfs
 *	overlay=/	the whole tree gets a writable layer that is lost at the end
 *	lend=TAG:DIR	a directory of the host, read-only
 *	bind=FROM:TO	keep the host's directory FROM, which a later tmpfs may hide, at TO
 *	tmpfs=DIR	an empty writable directory
 *	overlay=DIR	what the host has there, with a writable layer that is lost at the end
 *	share=TAG:DIR	a directory of the host, written through
 *	init=PATH	process 1 becomes this program before the command begins, and what reports
 *			is its child then
 *	cwd=DIR  arg=WORD
 *
 * Keys are done in the order of the list above; entries of one key in job order.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <sys/io.h>
#endif

#define ROOT	 "/newroot"
#define MAX_JOB	 4096
#define PATH_LEN 1024

static char *job[MAX_JOB + 1];
static int n_jobs;

/* To the console, which guest.py shows when the guest dies. */
__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...) {
	char text[1200] = "<3>vmtest-init: ";
	size_t n = strlen(text);
	va_list ap;
	int fd = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);

	va_start(ap, fmt);
	vsnprintf(text + n, sizeof(text) - n, fmt, ap);
	va_end(ap);
	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		(void)fprintf(stderr, "%s\n", text);
	if (fd >= 0)
		close(fd);
}

/* isa-debug-exit ends qemu at once; the reboot is for a qemu without it (-no-reboot). */
static void stop_machine(void) {
	sync();
#ifdef __x86_64__
	if (iopl(3) == 0)
		outb(0, 0xf4);
#endif
	reboot(RB_AUTOBOOT);
	for (;;)
		pause();
}

static void die(const char *what) {
	say("%s: %s", what, strerror(errno));
	stop_machine();
}

/* The value of the first "key=" at or after *i, which moves behind it; NULL at the end. */
static char *next(const char *key, int *i) {
	size_t n = strlen(key);

	while (*i < n_jobs) {
		char *entry = job[(*i)++];

		if (!strncmp(entry, key, n) && entry[n] == '=')
			return entry + n + 1;
	}
	return NULL;
}

static void read_job(void) {
	static char text[256 * 1024];
	int fd = open("/job", O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, got = 0;

	if (fd < 0)
		die("open /job");
	while ((got = read(fd, text + n, sizeof(text) - 1 - n)) > 0)
		n += got;
	close(fd);
	for (char *p = text; p < text + n && n_jobs < MAX_JOB; p += strlen(p) + 1)
		job[n_jobs++] = p;
}

static void load_modules(void) {
	char *path;

	for (int i = 0; (path = next("module", &i));) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);

		if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) && errno != EEXIST))
			say("module %s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
	}
}

/* mkdir -p; what cannot be made shows when something is mounted there */
static void make_dirs(const char *path) {
	char text[PATH_LEN];

	snprintf(text, sizeof(text), "%s", path);
	for (char *p = text + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		mkdir(text, 0755);
		*p = '/';
	}
	mkdir(text, 0755);
}

static const char *in_root(const char *path) {
	static char text[PATH_LEN];

	snprintf(text, sizeof(text), ROOT "%s", path);
	return text;
}

static void mount_as_or_say(const char *what, const char *where, const char *type,
			    unsigned long flags, const char *opt) {
	make_dirs(where);
	if (mount(what, where, type, flags, opt))
		say("mount %s on %s: %s", type, where, strerror(errno));
}

static void mount_or_say(const char *what, const char *where, const char *type, const char *opt) {
	mount_as_or_say(what, where, type, 0, opt);
}

static void mount_host_tree(void) {
	mkdir(ROOT, 0755);
	/* the device may still be on its way when its module is loaded */
	for (int tries = 0; mount("root", ROOT, "virtiofs", MS_RDONLY, NULL); tries++) {
		if (tries == 200)
			die("mount of the host's tree");
		usleep(10000);
	}
}

static void lay_overlay(const char *dir) {
	static int number;
	char lower[PATH_LEN], upper[64], work[64], opt[PATH_LEN + 200];
	struct stat st;

	snprintf(lower, sizeof(lower), "%s", in_root(dir));
	if (stat(lower, &st))
		return;
	snprintf(upper, sizeof(upper), "/layers/upper%d", number);
	snprintf(work, sizeof(work), "/layers/work%d", number);
	number++;
	mkdir(upper, 0755);
	mkdir(work, 0755);
	chmod(upper, st.st_mode & 07777);
	snprintf(opt, sizeof(opt), "xino=off,lowerdir=%s,upperdir=%s,workdir=%s", lower, upper,
		 work);
	mount_or_say("overlay", lower, "overlay", opt);
}

/* Before anything is mounted in the tree, which a layer over all of it would hide. */
static void lay_whole_layer(void) {
	char *value, tag[32];

	mount_or_say("layers", "/layers", "tmpfs", "mode=755");
	for (int i = 0; (value = next("overlay", &i));)
		if (!strcmp(value, "/"))
			lay_overlay("");
	for (int i = 0; (value = next("lend", &i));) {
		snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(value, ":"), value);
		mount_as_or_say(tag, in_root(strchr(value, ':') + 1), "virtiofs", MS_RDONLY, "");
	}
}

static void mount_kernel_fs(void) {
	static const char *const fs[][3] = {
		{ "devtmpfs", "/dev", "" },
		{ "proc", "/proc", "" },
		{ "sysfs", "/sys", "" },
		{ "devpts", "/dev/pts", "ptmxmode=0666" },
		{ "tmpfs", "/dev/shm", "mode=1777" },
		{ "securityfs", "/sys/kernel/security", "" },
		{ "bpf", "/sys/fs/bpf", "mode=700" },
		{ "cgroup2", "/sys/fs/cgroup", "" },
		{ "tracefs", "/sys/kernel/tracing", "" },
		{ "debugfs", "/sys/kernel/debug", "" },
		{ "tmpfs", "/run", "mode=755" },
	};

	for (size_t i = 0; i < sizeof(fs) / sizeof(fs[0]); i++)
		mount_or_say(fs[i][0], in_root(fs[i][1]), fs[i][0], fs[i][2]);
}

/*
 * Binds are taken before the tmpfs's that may hide them and put in place after;
 * overlays come last, because a kept directory may want one.
 */
static void lay_writable_layers(void) {
	char kept[32], *value;
	int n = 0;

	for (int i = 0; (value = next("bind", &i)); n++) {
		snprintf(kept, sizeof(kept), "/kept%d", n);
		*strchr(value, ':') = 0;
		mkdir(kept, 0755);
		if (mount(in_root(value), kept, NULL, MS_BIND | MS_REC, NULL))
			say("bind %s: %s", value, strerror(errno));
		value[strlen(value)] = ':';
	}
	for (int i = 0; (value = next("tmpfs", &i));)
		mount_or_say("tmpfs", in_root(value), "tmpfs", "mode=1777");
	n = 0;
	for (int i = 0; (value = next("bind", &i)); n++) {
		const char *to = in_root(strchr(value, ':') + 1);

		snprintf(kept, sizeof(kept), "/kept%d", n);
		make_dirs(to);
		if (mount(kept, to, NULL, MS_MOVE, NULL))
			say("bind to %s: %s", to, strerror(errno));
	}
	for (int i = 0; (value = next("overlay", &i));)
		if (strcmp(value, "/") != 0)
			lay_overlay(value);
	for (int i = 0; (value = next("share", &i));) {
		char tag[32];

		snprintf(tag, sizeof(tag), "%.*s", (int)strcspn(value, ":"), value);
		mount_or_say(tag, in_root(strchr(value, ':') + 1), "virtiofs", "");
	}
}

static void enter_root(void) {
	if (chdir(ROOT) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		die("switch to the new root");
	/* devtmpfs comes without them */
	if (symlink("/proc/self/fd", "/dev/fd") || symlink("/proc/self/fd/0", "/dev/stdin") ||
	    symlink("/proc/self/fd/1", "/dev/stdout") || symlink("/proc/self/fd/2", "/dev/stderr"))
		say("links in /dev: %s", strerror(errno));
}

static void set_up_rest(void) {
	struct rlimit memlock = { RLIM_INFINITY, RLIM_INFINITY }, nofile = { 65536, 65536 };
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	if (s < 0 || ioctl(s, SIOCSIFFLAGS, &ifr))
		say("loopback: %s", strerror(errno));
	close(s);
	sethostname("vmtest", 6);
	setrlimit(RLIMIT_MEMLOCK, &memlock);
	setrlimit(RLIMIT_NOFILE, &nofile);
}

static int open_if_named(const char *port, const char *name) {
	char path[PATH_LEN], text[64] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", port);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (read(fd, text, sizeof(text) - 1) < 0)
		text[0] = 0;
	close(fd);
	text[strcspn(text, "\n")] = 0;
	if (strcmp(text, name) != 0)
		return -1;
	snprintf(path, sizeof(path), "/dev/%s", port);
	return open(path, O_WRONLY | O_CLOEXEC);
}

/* The names come over the control queue, after the ports themselves. */
static int open_port(const char *name) {
	for (int tries = 0; tries < 400; tries++) {
		DIR *d = opendir("/sys/class/virtio-ports");
		struct dirent *e;
		int fd = -1;

		while (d && fd < 0 && (e = readdir(d)))
			if (e->d_name[0] != '.')
				fd = open_if_named(e->d_name, name);
		if (d)
			closedir(d);
		if (fd >= 0)
			return fd;
		usleep(5000);
	}
	die(name);
	return -1;
}

static void send_frame(int port, char what, const char *text, size_t n) {
	char head[5] = { what, n & 0xff, n >> 8 & 0xff, n >> 16 & 0xff, n >> 24 & 0xff };

	if (write(port, head, sizeof(head)) < 0)
		die("report");
	for (ssize_t put; n; text += put, n -= put) {
		put = write(port, text, n);
		if (put <= 0)
			die("report");
	}
}

/* send_clock - what time it is here, for the host to see whether that can be true */
static void send_clock(int port) {
	struct timespec t;
	char text[24];

	clock_gettime(CLOCK_MONOTONIC, &t);
	snprintf(text, sizeof(text), "%lld", t.tv_sec * 1000ll + t.tv_nsec / 1000000);
	send_frame(port, 'c', text, strlen(text));
}

/* Goes on in a child when another program is to be process 1, which wants its signals unblocked. */
static void become_init(void) {
	int first = 0;
	char *program = next("init", &first);
	char *argv[] = { program, NULL };
	sigset_t none;
	pid_t pid;

	if (!program)
		return;
	pid = fork();
	if (pid < 0)
		die("fork");
	if (!pid)
		return;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(program, argv);
	die(program);
}

static pid_t start_command(int out, int err) {
	static char *argv[MAX_JOB + 1];
	int n = 0, first = 0, null;
	const char *cwd = next("cwd", &first);
	sigset_t none;
	pid_t pid = fork();

	if (pid)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	null = open("/dev/null", O_RDONLY);
	dup2(null, 0);
	dup2(out, 1);
	dup2(err, 2);
	close(null);
	clearenv();
	setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
	setenv("HOME", "/root", 1);
	setenv("LANG", "C.UTF-8", 1);
	setenv("TERM", "dumb", 1);
	for (int i = 0; (argv[n] = next("arg", &i));)
		n++;
	if (cwd && chdir(cwd))
		(void)fprintf(stderr, "vmtest-init: cd %s: %s\n", cwd, strerror(errno));
	execvp(argv[0], argv);
	(void)fprintf(stderr, "vmtest-init: %s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Sends on what there is to read; 0 at the end of the pipe. */
static int copy_some(int from, int port, char what) {
	char text[16384];
	ssize_t n = read(from, text, sizeof(text));

	if (n > 0)
		send_frame(port, what, text, n);
	return n > 0;
}

/*
 * Carries the command's output (@p[0], @p[1]) until it and all that it left
 * behind are gone: when it has ended everything else is killed, which closes the
 * pipes' other ends. Returns its exit status as a shell would say it.
 */
static int attend(pid_t command, int sig, struct pollfd p[3], int port) {
	int status = 0, open_pipes = 2;

	p[2] = (struct pollfd){ .fd = sig, .events = POLLIN };
	while (open_pipes) {
		if (poll(p, 3, -1) < 0)
			continue;
		for (int i = 0; i < 2; i++) {
			if (!p[i].revents || copy_some(p[i].fd, port, '1' + i))
				continue;
			p[i].fd = -1;
			open_pipes--;
		}
		if (p[2].revents) {
			struct signalfd_siginfo si;
			pid_t pid;
			int st;

			if (read(sig, &si, sizeof(si)) < 0)
				continue;
			while ((pid = waitpid(-1, &st, WNOHANG)) > 0) {
				if (pid != command)
					continue;
				status = st;
				command = 0;
				kill(-1, SIGKILL);
			}
		}
	}
	/* it may close its output and go on */
	while (command && waitpid(command, &status, 0) < 0 && errno == EINTR)
		;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void leave_shares(void) {
	char *value;

	kill(-1, SIGKILL);
	for (int i = 0; (value = next("share", &i));)
		umount2(strchr(value, ':') + 1, 0);
}

int main(void) {
	int out[2], err[2], port, sig;
	struct pollfd p[3];
	char rc;
	sigset_t child;
	pid_t pid;

	mkdir("/dev", 0755);
	mkdir("/sys", 0755);
	mount("devtmpfs", "/dev", "devtmpfs", 0, NULL);
	mount("sysfs", "/sys", "sysfs", 0, NULL);
	read_job();
	load_modules();
	mount_host_tree();
	lay_whole_layer();
	mount_kernel_fs();
	lay_writable_layers();
	port = open_port("vm.report");
	send_clock(port);
	enter_root();
	set_up_rest();

	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	become_init();
	sig = signalfd(-1, &child, SFD_CLOEXEC);
	if (sig < 0 || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
		die("pipes");
	send_frame(port, 's', "", 0);
	pid = start_command(out[1], err[1]);
	if (pid < 0)
		die("fork");
	close(out[1]);
	close(err[1]);
	p[0] = (struct pollfd){ .fd = out[0], .events = POLLIN };
	p[1] = (struct pollfd){ .fd = err[0], .events = POLLIN };
	rc = attend(pid, sig, p, port);
	leave_shares();
	sync();
	send_frame(port, 'x', &rc, 1);
	sleep(10);
	stop_machine();
	return 0;
}
