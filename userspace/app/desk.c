/* SPDX-License-Identifier: Apache-2.0 */
#include "app/desk.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/metrics.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "base/log.h"
#include "health/server.h"

#define BACKLOG 128
#define AGAIN_MS 1000 /* a process that dies at once must not be a loop */
#define LISTEN_AGAIN_MS 5000

struct desk {
	const struct desk_options *o;
	struct vitals_page *page;
	_Atomic int *listen_error; /* told by the keeper; NULL: no address */
	int listeners[SERVER_LISTENERS];
	size_t n_listeners;
	pid_t keeper;
	int alive; /* closed to say that we are gone */
};

/* --- the answers ------------------------------------------------------------------------------ */

static void add_metrics(struct buf *body, const struct vitals *v) {
	struct spool_ledger *ledgers = NULL;
	struct metrics_spool spool;
	int err = -ENOENT;

	if (v->spool[0])
		err = spool_status(v->spool, &spool.status, &ledgers, &spool.n_ledgers);
	spool.ledgers = ledgers;
	metrics_write(body, v, err ? NULL : &spool, clock_ns(CLOCK_BOOTTIME),
		      clock_ns(CLOCK_REALTIME));
	free(ledgers);
}

static unsigned answer(void *desk, const char *path, struct buf *body, const char **type) {
	struct desk *d = desk;
	struct vitals_verdict verdict;
	static struct vitals v;
	bool fine;

	if (strcmp(path, "/healthz") != 0 && strcmp(path, "/livez") != 0 &&
	    strcmp(path, "/readyz") != 0 && strcmp(path, "/metrics") != 0) {
		buf_add_lit(body, "there are /healthz, /livez, /readyz and /metrics\n");
		return 404;
	}
	if (vitals_copy(d->page, &v)) {
		buf_add_lit(body, "the sensor is starting\n");
		return 503;
	}
	if (!strcmp(path, "/metrics")) {
		add_metrics(body, &v);
		*type = METRICS_TYPE;
		return 200;
	}
	verdict = vitals_judge(&v, clock_ns(CLOCK_BOOTTIME));
	fine = !strcmp(path, "/healthz") ? verdict.live
	       : !strcmp(path, "/livez") ? verdict.turns
					 : verdict.ready;
	buf_addf(body, "%s\n", fine ? "ok" : verdict.why);
	return fine ? 200 : 503;
}

/* --- where it listens ------------------------------------------------------------------------- */

static int listen_on(struct desk *d, int family, const struct sockaddr *where, socklen_t n) {
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1, err;

	if (fd < 0)
		return -errno;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, where, n) || listen(fd, BACKLOG)) {
		err = -errno;
		(void)close(fd);
		return err;
	}
	d->listeners[d->n_listeners++] = fd;
	return 0;
}

/* listen_socket - in the run folder, for root; a stale one is in the way, and nobody's */
static int listen_socket(struct desk *d, const char *folder) {
	struct sockaddr_un where = { .sun_family = AF_UNIX };
	int n = snprintf(where.sun_path, sizeof(where.sun_path), "%s/%s", folder, DESK_SOCKET);
	mode_t mask;
	int err;

	if (n < 0 || (size_t)n >= sizeof(where.sun_path))
		return -ENAMETOOLONG;
	(void)unlink(where.sun_path);
	mask = umask(0177);
	err = listen_on(d, AF_UNIX, (struct sockaddr *)&where, sizeof(where));
	(void)umask(mask);
	return err;
}

/* address - "127.0.0.1:9467", "[::1]:9467"; a name is not looked up; -EINVAL */
static int address(const char *text, struct addrinfo **ret) {
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
				  .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	const char *port = strrchr(text, ':');
	char host[64];
	size_t n = port ? (size_t)(port - text) : 0;

	if (n > 2 && text[0] == '[' && text[n - 1] == ']') {
		text++;
		n -= 2;
	}
	if (!n || n >= sizeof(host))
		return -EINVAL;
	(void)snprintf(host, sizeof(host), "%.*s", (int)n, text);
	return getaddrinfo(host, port + 1, &hints, ret) ? -EINVAL : 0;
}

static int listen_address(struct desk *d, const char *text) {
	struct addrinfo *found;
	int err = address(text, &found);

	if (err)
		return err;
	err = listen_on(d, found->ai_family, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return err;
}

int desk_check(const char *listen) {
	struct addrinfo *found;
	int err = address(listen, &found);

	if (!err)
		freeaddrinfo(found);
	return err;
}

/* --- the process ------------------------------------------------------------------------------ */

static int serve(struct desk *d, int alive) {
	struct server *s;
	const char *why = "";
	int err = server_new(answer, d, &s, &why);

	if (err) {
		log_warn("no health and no metrics over HTTP: %s, continuing", why);
		return 0;
	}
	for (size_t i = 0; i < d->n_listeners && !err; i++)
		err = server_listen(s, d->listeners[i]);
	if (!err)
		err = sandbox_courier(SANDBOX_NET | SANDBOX_LISTEN);
	if (!err)
		err = server_run(s, alive);
	if (err)
		log_warn("the process that answers for health and metrics ends: %s, continuing",
			 strerror(-err));
	return err ? 1 : 0;
}

static pid_t start_server(struct desk *d, int alive) {
	pid_t keeper = getpid(), child = fork();

	if (child)
		return child;
	(void)prctl(PR_SET_NAME, "lw-desk");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	_exit(getppid() == keeper ? serve(d, alive) : 1);
}

/* bind_again - whether the address could be had this time; the server is to begin with it then */
static bool bind_again(struct desk *d) {
	int err = listen_address(d, d->o->listen);

	*d->listen_error = err;
	if (!err)
		log_info("\"%s\" is free now: health and metrics are answered there", d->o->listen);
	return !err;
}

/* stay - while the address is taken and the server @child runs; whether the sensor is gone */
static bool stay(struct desk *d, struct pollfd *gone, pid_t child) {
	siginfo_t ended = { 0 };

	while (d->listen_error && *d->listen_error) {
		if (poll(gone, 1, LISTEN_AGAIN_MS))
			return true;
		if (child > 0 && !waitid(P_PID, (id_t)child, &ended,
					 WEXITED | WNOHANG | WNOWAIT) && ended.si_pid)
			return false;
		if (bind_again(d) && child > 0)
			(void)kill(child, SIGKILL);
	}
	return false;
}

/* keep - starts the server, and again if it dies of anything; until the sensor is gone */
static int keep(struct desk *d, int alive) {
	struct pollfd gone = { .fd = alive, .events = POLLIN };
	int status;

	for (;;) {
		pid_t child = d->n_listeners ? start_server(d, alive) : 0;

		if (child < 0)
			return 1;
		if (stay(d, &gone, child) && !child)
			return 0;
		if (!child)
			continue;
		if (waitpid(child, &status, 0) != child)
			return 1;
		if (WIFEXITED(status) && !WEXITSTATUS(status))
			return 0;
		if (poll(&gone, 1, AGAIN_MS))
			return 0;
	}
}

static int start(struct desk *d) {
	int alive[2];

	if (pipe2(alive, O_CLOEXEC))
		return -errno;
	d->keeper = fork();
	if (d->keeper == 0) {
		(void)close(alive[1]);
		(void)prctl(PR_SET_NAME, "lw-desk-keeper");
		/* a terminal's Ctrl-C is for the sensor, which closes the pipe */
		(void)signal(SIGINT, SIG_IGN);
		(void)signal(SIGTERM, SIG_IGN);
		(void)signal(SIGHUP, SIG_IGN);
		(void)signal(SIGPIPE, SIG_IGN);
		_exit(keep(d, alive[0]));
	}
	(void)close(alive[0]);
	d->alive = alive[1];
	for (size_t i = 0; i < d->n_listeners; i++)
		(void)close(d->listeners[i]);
	d->n_listeners = 0;
	return d->keeper < 0 ? -errno : 0;
}

/* --- the sensor's side ------------------------------------------------------------------------ */

void desk_say_missing(const struct desk_options *o, int err) {
	if (err == -EBUSY)
		log_info("another sensor has the run folder \"%s\"; \"status\" will not show this "
			 "one, continuing", o->folder);
	else if (err)
		log_warn("the run folder \"%s\" cannot be used: %s; \"status\" will not show this "
			 "sensor, continuing", o->folder, strerror(-err));
}

/* begin_listening - at the address, if it can be had now; -EINVAL, -ENOMEM */
static int begin_listening(struct desk *d) {
	int err = listen_address(d, d->o->listen);
	void *shared;

	if (err == -EINVAL) {
		log_error("it cannot be listened on \"%s\": it is an address and a port, such as "
			  "127.0.0.1:9467", d->o->listen);
		return err;
	}
	shared = mmap(NULL, sizeof(*d->listen_error), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return -ENOMEM;
	d->listen_error = shared;
	*d->listen_error = err;
	if (err)
		log_warn("health and metrics are NOT answered on \"%s\": %s; that is tried again "
			 "every %d s, continuing", d->o->listen, strerror(-err),
			 LISTEN_AGAIN_MS / 1000);
	return 0;
}

int desk_open(const struct desk_options *o, struct desk **ret, int *missing) {
	struct desk *d = calloc(1, sizeof(*d));
	int err = 0;

	*ret = NULL;
	if (!d)
		return -ENOMEM;
	d->o = o;
	d->alive = -1;
	*missing = vitals_create(o->folder, &d->page);
	if (*missing && (!o->listen || vitals_create(NULL, &d->page))) {
		desk_free(d);
		return 0;
	}
	if (!*missing)
		err = listen_socket(d, o->folder);
	if (err)
		log_warn("the socket \"%s/%s\" cannot be made: %s, continuing", o->folder,
			 DESK_SOCKET, strerror(-err));
	err = o->listen ? begin_listening(d) : 0;
	if (!err && (d->n_listeners || o->listen))
		err = start(d);
	if (err)
		desk_free(d);
	else
		*ret = d;
	return err;
}

int desk_listen_error(const struct desk *d) {
	return d->listen_error ? *d->listen_error : 0;
}

void desk_publish(struct desk *d, const struct vitals *v) {
	vitals_publish(d->page, v);
}

void desk_free(struct desk *d) {
	if (!d)
		return;
	for (size_t i = 0; i < d->n_listeners; i++)
		(void)close(d->listeners[i]);
	if (d->alive >= 0)
		(void)close(d->alive);
	if (d->keeper > 0)
		(void)waitpid(d->keeper, NULL, 0);
	if (d->listen_error)
		(void)munmap(d->listen_error, sizeof(*d->listen_error));
	vitals_close(d->page);
	free(d);
}
