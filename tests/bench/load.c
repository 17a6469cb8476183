/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load.c - does one kind of thing many times and tells what one of it takes
 *
 *	load DEED BATCHES N	one line a batch: "DEED NANOSECONDS-PER-OPERATION"
 *	load --wait DEED …	the same, after a line came on standard input
 *	load --files		makes what "whole" opens
 *
 * In a guest that counts instructions (scripts/vmtest --icount) a nanosecond is
 * an instruction. Linked statically, so that a fork copies little. Works in the
 * current directory, which should be a tmpfs and holds "tiny", the program that
 * "exec" executes, always with the same command line, and "dynamic" with its
 * linker, which "login" executes with the environment of a session. "varied"
 * executes "tiny" by one of many names and never with the same arguments, as an
 * hour of a real machine does. "whole" opens one of many files after another, so
 * that none is opened often enough to be folded.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROGRAM "./tiny"
#define FILES 40000
#define PROGRAMS 500 /* names of PROGRAM */

static char here[512];
static char file_name[600];
static long last_file; /* that "whole" opened */
static int listener;
static struct sockaddr_in place;

static void die(const char *what) {
	perror(what);
	exit(1);
}

static void make_nothing(void) {
}

/* Programs open files by absolute paths, mostly, of four or five components. */
static void name_file(long i) {
	(void)snprintf(file_name, sizeof(file_name), "%s/data/%09ld", here, i);
}

static void find_folder(void) {
	if (!getcwd(here, sizeof(here)) || (mkdir("data", 0700) && errno != EEXIST))
		die("data");
}

static void put_file(void) {
	int fd = open(file_name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	if (fd < 0)
		die(file_name);
	close(fd);
}

static void make_files(long n) {
	find_folder();
	while (n-- > 0) {
		name_file(n);
		put_file();
	}
}

static void make_file(void) {
	make_files(1);
}

/* "keys/watched" is for the sensor's option --watch; "keys/other" stands beside it */
static void make_watched(void) {
	find_folder();
	if (mkdir("keys", 0700) && errno != EEXIST)
		die("keys");
	(void)snprintf(file_name, sizeof(file_name), "%s/keys/watched", here);
	put_file();
}

static void make_beside(void) {
	make_watched();
	(void)snprintf(file_name, sizeof(file_name), "%s/keys/load.data", here);
	put_file();
}

static void find_files(void) {
	find_folder();
	name_file(0);
}

static void make_listener(void) {
	socklen_t len = sizeof(place);

	place.sin_family = AF_INET;
	place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&place, sizeof(place)) ||
	    listen(listener, 16) || getsockname(listener, (struct sockaddr *)&place, &len))
		die("listen");
}

/* What somebody finds who has logged in by ssh. */
static char colors[1500] = "LS_COLORS=";

static const char *const login[] = {
	"SHELL=/bin/bash",
	"PWD=/home/alice/project",
	"LOGNAME=alice",
	"XDG_SESSION_TYPE=tty",
	"MOTD_SHOWN=pam",
	"HOME=/home/alice",
	"LANG=en_US.UTF-8",
	colors,
	"SSH_CONNECTION=192.0.2.17 51524 192.0.2.80 22",
	"LESSCLOSE=/usr/bin/lesspipe %s %s",
	"XDG_SESSION_CLASS=user",
	"TERM=xterm-256color",
	"LESSOPEN=| /usr/bin/lesspipe %s",
	"USER=alice",
	"SHLVL=1",
	"XDG_SESSION_ID=42",
	"XDG_RUNTIME_DIR=/run/user/1000",
	"SSH_CLIENT=192.0.2.17 51524 22",
	"PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/games:/usr/games",
	"DBUS_SESSION_BUS_ADDRESS=unix:path=/run/user/1000/bus",
	"SSH_TTY=/dev/pts/0",
	"OLDPWD=/home/alice",
	"_=/usr/bin/make",
	NULL,
};

static const char *const *variables; /* NULL: our own */

static void make_login(void) {
	memset(colors + strlen(colors), ':', sizeof(colors) - strlen(colors) - 1);
	variables = login;
}

static void run_program(const char *path, const char *const argv[]) {
	int status;
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (!pid) {
		execve(path, (char *const *)argv,
		       variables ? (char *const *)variables : environ);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) != pid || status)
		die(path);
}

static void do_exec(void) {
	run_program(PROGRAM, (const char *[]){ PROGRAM, NULL });
}

/* A program that is linked dynamically, as nearly all that people call. */
static void do_login(void) {
	run_program("./dynamic", (const char *[]){ "dynamic", NULL });
}

static void name_program(long i) {
	(void)snprintf(file_name, sizeof(file_name), "./programs/worker-%03ld", i);
}

static void make_programs(void) {
	if (mkdir("programs", 0700) && errno != EEXIST)
		die("programs");
	for (long i = 0; i < PROGRAMS; i++) {
		name_program(i);
		if (link(PROGRAM, file_name) && errno != EEXIST)
			die(file_name);
	}
}

static void do_varied(void) {
	static char input[] = "--input=/srv/queue/000000000.json";
	static long program;
	char *digit = input + strlen("--input=/srv/queue/000000000");

	while (++*--digit > '9')
		*digit = '0';
	program = (program + 1) % PROGRAMS;
	name_program(program);
	run_program(file_name, (const char *[]){ file_name, "--verbose", input, "--retries=3",
						NULL });
}

static void open_close(int flags) {
	int fd = open(file_name, flags);

	if (fd < 0 || close(fd))
		die(file_name);
}

static void do_read(void) {
	open_close(O_RDONLY);
}

static void do_write(void) {
	open_close(O_WRONLY);
}

/* The next name is made from the last one: printing it would cost as much as the open. */
static void do_whole(void) {
	char *digit = file_name + strlen(file_name);

	if (++last_file == FILES) {
		last_file = 0;
		name_file(0);
	} else {
		while (++*--digit > '9')
			*digit = '0';
	}
	open_close(O_WRONLY);
}

/* Orderly on both sides; whoever runs this sees to it that TIME_WAIT does not pile up. */
static void do_tcp(void) {
	int from = socket(AF_INET, SOCK_STREAM, 0), to;

	if (from < 0 || connect(from, (struct sockaddr *)&place, sizeof(place)))
		die("connect");
	to = accept(listener, NULL, NULL);
	if (to < 0)
		die("accept");
	close(from);
	close(to);
}

static void do_null(void) {
	syscall(SYS_getppid);
}

static const struct deed {
	const char *name;
	void (*prepare)(void);
	void (*once)(void);
} deeds[] = {
	{ "exec", make_nothing, do_exec },   { "login", make_login, do_login },
	{ "varied", make_programs, do_varied },
	{ "read", make_file, do_read },
	{ "watched", make_watched, do_read }, { "beside", make_beside, do_read },
	{ "write", make_file, do_write },
	{ "whole", find_files, do_whole },
	{ "tcp", make_listener, do_tcp },    { "null", make_nothing, do_null },
};

static double now_ns(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/*
 * add_neighbour - one more process that only is there
 * Allocators are slower where what a deed takes crosses the end of a slab, or of a block of
 * per-CPU memory; a deed that frees all that it took crosses there each time, or never.
 * Neighbours move where the batches are, so that their median is of no such place.
 */
static void add_neighbour(void) {
	pid_t parent = getpid(), pid = fork();

	if (pid < 0)
		die("fork");
	if (pid)
		return;
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		pause();
	_exit(0);
}

static void run(const struct deed *d, int batches, int n) {
	d->prepare();
	for (int i = 0; i < n / 10; i++)
		d->once();
	for (int b = 0; b < batches; b++) {
		double start;

		add_neighbour();
		start = now_ns();
		for (int i = 0; i < n; i++)
			d->once();
		printf("%s %.1f\n", d->name, (now_ns() - start) / n);
	}
}

int main(int argc, char **argv) {
	char line[16];

	(void)setvbuf(stdout, NULL, _IOLBF, 0);

	if (argc == 2 && !strcmp(argv[1], "--files")) {
		make_files(FILES);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--wait")) {
		if (!fgets(line, sizeof(line), stdin))
			return 1;
		argc--;
		argv++;
	}
	for (size_t i = 0; argc == 4 && i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (strcmp(argv[1], deeds[i].name) != 0)
			continue;
		run(&deeds[i], atoi(argv[2]), atoi(argv[3]));
		return 0;
	}
	(void)fprintf(stderr, "usage: load [--wait] DEED BATCHES N\n");
	return 2;
}
