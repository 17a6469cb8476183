/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spate DEED WORKERS SECONDS [THREADS] - a deed that costs nearly nothing, as fast as so many
 * processes, of so many threads each, can
 *
 * Deeds: "capset" to the rights that are there, "unshare" (refused, by nobody), "memfd", "signal"
 * (SIGUSR1) to a process of its own, "bpf" with arguments that mean nothing, "script" an exec that
 * fails for want of the interpreter, "user" setresuid() from one id to another and back.
 * Meanwhile, a good ten times a second, a child makes the file "marker.N", connects to a listener
 * of ours and starts "tiny N". Standard output: a line "PID DEEDS" for each worker, "MARKERS N
 * PORT", and "CLOCK BEGIN END".
 */
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <linux/bpf.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_WORKERS 64
#define MAX_THREADS 8
#define NOBODY 65534
#define LOOK_EVERY 64
#define MARKER_MS 70

static char tiny[4096], script[] = "no-interpreter";
static pid_t victim;
static struct __user_cap_header_struct cap_header = { _LINUX_CAPABILITY_VERSION_3, 0 };
static struct __user_cap_data_struct caps[2];

static void get_caps(void) {
	if (syscall(SYS_capget, &cap_header, caps))
		die("capget");
}

static void do_capset(void) {
	if (syscall(SYS_capset, &cap_header, caps))
		die("capset");
}

static void become_nobody(void) {
	if (setresgid(NOBODY, NOBODY, NOBODY) || setresuid(NOBODY, NOBODY, NOBODY))
		die("setresuid");
}

static void do_unshare(void) {
	if (!unshare(CLONE_NEWUTS) || errno != EPERM)
		die("unshare");
}

static void do_memfd(void) {
	int fd = memfd_create("spate", MFD_CLOEXEC);

	if (fd < 0 || close(fd))
		die("memfd_create");
}

static void do_signal(void) {
	if (kill(victim, SIGUSR1))
		die("kill");
}

static void do_bpf(void) {
	union bpf_attr attr = { 0 };

	attr.target_fd = attr.attach_bpf_fd = (uint32_t)-1;
	if (!syscall(SYS_bpf, BPF_PROG_ATTACH, &attr, sizeof(attr)))
		die("bpf");
}

static void do_script(void) {
	char *argv[] = { script, NULL };

	if (!execv(script, argv) || errno != ENOENT)
		die("exec");
}

static void do_user(void) {
	static uid_t id;

	id = id ? 0 : NOBODY;
	if (setresuid(-1, id, -1))
		die("setresuid");
}

static void nothing(void) {
}

static void take(int number) {
	(void)number;
}

static const struct kind {
	const char *name;
	void (*prepare)(void); /* in each worker, before its deeds count */
	void (*once)(void);
} kinds[] = {
	{ "capset", get_caps, do_capset },	 { "unshare", become_nobody, do_unshare },
	{ "memfd", nothing, do_memfd },		 { "signal", nothing, do_signal },
	{ "bpf", nothing, do_bpf },		 { "script", nothing, do_script },
	{ "user", nothing, do_user },
};

static const struct kind *kind_of(const char *name) {
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

static const struct kind *kind;
static uint64_t until;

static void *repeat(void *count) {
	uint64_t i = 0;

	for (; i % LOOK_EVERY || boot_ns() < until; i++)
		kind->once();
	*(uint64_t *)count = i;
	return NULL;
}

static uint64_t work(int n_threads) {
	pthread_t threads[MAX_THREADS];
	uint64_t counts[MAX_THREADS], sum;

	kind->prepare();
	for (int i = 1; i < n_threads; i++) {
		errno = pthread_create(&threads[i], NULL, repeat, &counts[i]);
		if (errno)
			die("pthread_create");
	}
	repeat(&counts[0]);
	sum = counts[0];
	for (int i = 1; i < n_threads; i++) {
		errno = pthread_join(threads[i], NULL);
		if (errno)
			die("pthread_join");
		sum += counts[i];
	}
	return sum;
}

static void make_script(void) {
	static const char text[] = "#!/nowhere/at/all\n";
	int fd = open(script, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);

	if (fd < 0 || write(fd, text, sizeof(text) - 1) != sizeof(text) - 1 || close(fd))
		die("%s", script);
}

static pid_t make_victim(void) {
	const struct sigaction action = { .sa_handler = take };
	pid_t pid;

	/* before it is there to be sent to */
	if (sigaction(SIGUSR1, &action, NULL))
		die("sigaction");
	pid = fork();
	if (pid < 0)
		die("fork");
	while (!pid)
		(void)pause();
	return pid;
}

/* mark - what must be told whatever else there is to tell */
static void mark(unsigned i, const struct sockaddr_storage *place) {
	char name[32], number[16], *argv[] = { tiny, number, NULL };
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		int s = new_socket(V4, SOCK_STREAM);

		(void)snprintf(number, sizeof(number), "%u", i);
		(void)snprintf(name, sizeof(name), "marker.%u", i);
		if (open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) < 0 ||
		    connect(s, (const void *)place, size_of(place)))
			die("%s", name);
		(void)execv(tiny, argv);
		die("%s", tiny);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die("marker %u ended with %d", i, status);
}

int main(int argc, char **argv) {
	int workers, seconds, threads = argc == 5 ? atoi(argv[4]) : 1, status, listener;
	uint64_t *done = mmap(NULL, MAX_WORKERS * sizeof(*done), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct sockaddr_storage place = loopback(V4, 0);
	uint64_t begin;
	pid_t pids[MAX_WORKERS];
	unsigned markers = 0;

	kind = argc >= 4 ? kind_of(argv[1]) : NULL;
	workers = kind ? atoi(argv[2]) : 0;
	seconds = kind ? atoi(argv[3]) : 0;
	if (workers < 1 || workers > MAX_WORKERS || seconds < 1 || done == MAP_FAILED ||
	    threads < 1 || threads > MAX_THREADS)
		die("usage: spate DEED WORKERS SECONDS [THREADS]");
	truth_beside("tiny", tiny);
	make_script();
	listener = bound(V4, SOCK_STREAM, &place);
	if (listen(listener, 4096))
		die("listen");
	place = name_of(listener);
	victim = make_victim();
	begin = boot_ns();
	until = begin + (uint64_t)seconds * 1000000000u;
	for (int i = 0; i < workers; i++) {
		pids[i] = fork();
		if (pids[i] < 0)
			die("fork");
		if (pids[i])
			continue;
		done[i] = work(threads);
		_exit(0);
	}
	while (boot_ns() < until) {
		mark(markers++, &place);
		(void)usleep(MARKER_MS * 1000);
	}
	for (int i = 0; i < workers; i++) {
		if (waitpid(pids[i], &status, 0) != pids[i] || status)
			die("a worker ended with %d", status);
		(void)printf("%d %" PRIu64 "\n", pids[i], done[i]);
	}
	if (kill(victim, SIGKILL) || waitpid(victim, &status, 0) != victim)
		die("the victim");
	(void)printf("MARKERS %u %u\n", markers, port_of(&place));
	(void)printf("CLOCK %" PRIu64 " %" PRIu64 "\n", begin, boot_ns());
	return fflush(stdout) ? 1 : 0;
}
