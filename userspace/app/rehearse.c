/* SPDX-License-Identifier: Apache-2.0 */
#include "app/rehearse.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/rehearse_child.h"
#include "app/sandbox.h"
#include "base/clock.h"
#include "base/progress.h"

const struct rehearse_limits rehearse_defaults = {
	.memory_bytes = 256u << 20,
	.cpu_s = 10,
	.wall_ms = 300000, /* a host that is busy leaves it little of a CPU */
	.load_ms = 1000,
	.event_ns = 50000,
	.case_ns = 20000000,
	.matches_burst = 20,
	.tape_ms = 3000,
};

#define STEP_MS 200 /* between two looks at how far it is */

enum { EXIT_DONE = 0, EXIT_NO_SANDBOX = 3 };

static int limit(int what, rlim_t n) {
	const struct rlimit l = { n, n };

	return setrlimit(what, &l) ? -errno : 0;
}

static void run_child(const struct rehearse_job *job, struct rehearse_report *r) {
	const struct rehearse_limits *l = job->limits;
	struct rlimit cpu = { l->cpu_s, l->cpu_s + 1 };
	int err;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NAME, "lw-rehearsal");
	for (int i = 1; i < NSIG; i++)
		(void)signal(i, SIG_DFL);
	err = limit(RLIMIT_CORE, 0) ?: limit(RLIMIT_FSIZE, 0);
#ifndef __SANITIZE_ADDRESS__ /* whose shadow is terabytes of address space */
	err = err ?: limit(RLIMIT_AS, l->memory_bytes);
#endif
	if (!err && setrlimit(RLIMIT_CPU, &cpu))
		err = -errno;
	(void)setpriority(PRIO_PROCESS, 0, 19); /* the host comes first */
	err = err ?: sandbox_rehearsal();
	if (err)
		_exit(EXIT_NO_SANDBOX);
	if (job->hook)
		job->hook();
	rehearse_play(job, r);
	_exit(EXIT_DONE);
}

/* wait_for - the child's end within its time; false: it did not come, and the child was killed */
static bool wait_for(const struct rehearse_job *job, const struct rehearse_report *shared,
		     pid_t pid, int *status) {
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	uint64_t now = clock_ns(CLOCK_MONOTONIC), end = now + job->limits->wall_ms * 1000000;
	struct progress progress;
	int n;

	progress_begin(&progress, job->progress_fd, "rehearsal", job->progress_fd ? 1000 : 0);
	do {
		n = poll(&p, 1, now < end ? STEP_MS : 0);
		now = clock_ns(CLOCK_MONOTONIC);
		progress_tell(&progress, __atomic_load_n(&shared->permille, __ATOMIC_RELAXED), now);
	} while (n < 0 ? errno == EINTR : n == 0 && now < end);
	progress_end(&progress);
	if (n <= 0)
		(void)kill(pid, SIGKILL);
	if (fd >= 0)
		(void)close(fd);
	(void)waitpid(pid, status, 0);
	return n > 0;
}

static int refuse(struct verdict *v, const char *reason, const char *text) {
	verdict_say(v, "rehearsal", "refused", reason, "%s", text);
	return -ECANCELED;
}

static int died(struct verdict *v, int sig) {
	char text[96];

	if (sig == SIGXCPU)
		return refuse(v, "cpu", "the rehearsal took more CPU time than a bundle may");
	(void)snprintf(text, sizeof(text), "the rehearsal died of signal %d (%s)", sig,
		       strsignal(sig));
	return refuse(v, "crash", text);
}

/* judge - what the child left, which may be anything */
static int judge(struct rehearse_report *r, struct verdict *v) {
	r->reason[sizeof(r->reason) - 1] = r->text[sizeof(r->text) - 1] = '\0';
	if (r->n_rows > REHEARSE_ROWS)
		r->n_rows = REHEARSE_ROWS;
	for (uint32_t i = 0; i < r->n_rows; i++)
		r->rows[i].id[sizeof(r->rows[i].id) - 1] =
			r->rows[i].title[sizeof(r->rows[i].title) - 1] = '\0';
	if (r->reason[0])
		return refuse(v, r->reason, r->text);
	verdict_say(v, "rehearsal", "passed", "-",
		    "%" PRIu64 " rules in %" PRIu64 " ms, %" PRIu64 " cases; %" PRIu64
		    " events of this host: %" PRIu64 " matches (live %" PRIu64 "), %" PRIu64
		    " ns each (live %" PRIu64 ")",
		    r->rules, r->load_us / 1000, r->cases, r->events, r->candidate_matches,
		    r->live_matches, r->events ? r->candidate_ns / r->events : 0,
		    r->events ? r->live_ns / r->events : 0);
	return 0;
}

int rehearse(const struct rehearse_job *job, struct rehearse_report *report, struct verdict *v) {
	struct rehearse_report *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
					      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status = 0, err = 0;
	bool ended;
	pid_t pid;

	if (shared == MAP_FAILED)
		return -errno;
	pid = fork();
	if (pid < 0)
		err = -errno;
	if (!pid)
		run_child(job, shared);
	if (!err) {
		ended = wait_for(job, shared, pid, &status);
		*report = *shared; /* once: nobody changes it any more */
		if (!ended)
			err = refuse(v, "hang", "the rehearsal did not come to an end in its time");
		else if (WIFSIGNALED(status))
			err = died(v, WTERMSIG(status));
		else if (WEXITSTATUS(status) == EXIT_NO_SANDBOX)
			err = refuse(v, "sandbox", "the rehearsal could not lock itself in");
		else if (!report->done)
			err = refuse(v, "crash", "the rehearsal ended before its end");
		else
			err = judge(report, v);
	}
	(void)munmap(shared, sizeof(*shared));
	return err;
}
