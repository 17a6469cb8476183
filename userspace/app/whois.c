/* SPDX-License-Identifier: Apache-2.0 */
#include "app/whois.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hostroot.h"
#include "base/log.h"

#define ASKS_AT_ONCE 16 /* in one turn of the loop, as the next */
#define WORDS_AT_ONCE 32
#define POD "/var/run/secrets/kubernetes.io/serviceaccount/"

/* Looked for where no source is named. */
static const char *const usual[] = { "docker:/run/docker.sock", "docker:/run/podman/podman.sock",
				     "cri:/run/containerd/containerd.sock",
				     "cri:/run/crio/crio.sock" };

struct whois {
	struct enrich *enrich;
	struct asker_options asker;
	struct whois_counts counts;
	struct who_ask held; /* that the asker did not take yet; held.id "": none */
	bool asks;
	int fd; /* -1: the asker is gone */
	pid_t keeper;
};

/* --- the start -------------------------------------------------------------------------------- */

/* take_sources - -EINVAL: @bad is none, @why */
static int take_sources(const struct whois_options *o, struct asker_options *a, const char **bad,
			const char **why) {
	const char *const *texts = o->n_sources ? o->sources : usual;
	size_t n = o->n_sources ? o->n_sources : sizeof(usual) / sizeof(usual[0]);

	a->usual = !o->n_sources;
	for (size_t i = 0; i < n && i < ASKER_SOURCES; i++) {
		*bad = texts[i];
		if (who_source(texts[i], o->node ? o->node : hostroot_name(),
			       &a->sources[a->n_sources], why))
			return -EINVAL;
		a->n_sources++;
	}
	return 0;
}

int whois_check(const struct whois_options *o, const char **bad, const char **why) {
	struct asker_options a = { .n_sources = 0 };

	return take_sources(o, &a, bad, why);
}

/* there - the path, if it is one */
static const char *there(const char *path) {
	return access(path, R_OK) ? NULL : path;
}

static bool is_there(const struct who_source *s) {
	struct stat st;

	return (s->kind != WHO_DOCKER && s->kind != WHO_CRI) || !stat(s->where, &st);
}

/* run - the keeper: it holds nothing of the sensor's but its end of @fd */
static void run(const struct asker_options *o, int fd, pid_t sensor) {
	const int own = STDERR_FILENO + 1;

	(void)prctl(PR_SET_NAME, "lw-who-keeper");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != sensor || (fd != own && dup2(fd, own) < 0))
		_exit(1);
	(void)close_range((unsigned)own + 1, ~0u, 0);
	/* a terminal's Ctrl-C is for the sensor, which ends us */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	_exit(asker_keep(o, own));
}

static int start(struct whois *w) {
	pid_t sensor = getpid();
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends))
		return -errno;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	w->keeper = fork();
	if (!w->keeper)
		run(&w->asker, ends[1], sensor);
	(void)close(ends[1]);
	w->fd = ends[0];
	return w->keeper < 0 ? -errno : 0;
}

int whois_open(const struct whois_options *o, struct enrich *en, struct whois **ret) {
	const char *bad, *why;
	struct whois *w;
	int err;

	*ret = NULL;
	if (!o->on)
		return 0;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->fd = -1;
	w->enrich = en;
	w->asker.labels = (struct who_labels){ o->labels, o->n_labels };
	w->asker.token = o->token ? o->token : there(POD "token");
	w->asker.ca = o->ca ? o->ca : there(POD "ca.crt");
	err = take_sources(o, &w->asker, &bad, &why);
	if (err)
		log_error("containers.sources: \"%s\": %s", bad, why);
	w->asks = o->n_sources > 0;
	for (size_t i = 0; i < w->asker.n_sources; i++)
		w->asks |= is_there(&w->asker.sources[i]);
	err = err ? err : start(w);
	if (err)
		whois_free(w);
	else
		*ret = w;
	return err;
}

/* --- asking and hearing ----------------------------------------------------------------------- */

/* leave - names do not come any more, and events say so */
static void leave(struct whois *w) {
	log_warn("the process that asks who containers are has ended; new ones get no name until "
		 "the sensor is started again, continuing");
	(void)close(w->fd);
	w->fd = -1;
}

static void take(char *to, size_t n, struct str from) {
	if (from.n < n)
		memcpy(to, from.s ? from.s : "", from.n);
	to[from.n < n ? from.n : 0] = '\0';
}

/* next - what is to be asked is in w->held; false: there is nothing */
static bool next(struct whois *w) {
	struct containers_want want;

	if (w->held.id[0])
		return true;
	if (!enrich_want(w->enrich, &want))
		return false;
	memset(&w->held, 0, sizeof(w->held));
	take(w->held.id, sizeof(w->held.id), want.id);
	take(w->held.pod_uid, sizeof(w->held.pod_uid), want.pod_uid);
	return true;
}

/* ask - write(), as a sandbox allows no send() */
static void ask(struct whois *w) {
	for (int i = 0; i < ASKS_AT_ONCE && w->fd >= 0 && next(w); i++) {
		const struct who_ask request = w->held;

		if (write(w->fd, &request, sizeof(request)) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				leave(w);
			return;
		}
		w->counts.asked++;
		w->held.id[0] = '\0';
	}
}

/* hear - one word; 1, 0: there is none, or -errno of the corridor */
static int hear(struct whois *w, struct host *h) {
	static struct asker_word word;
	ssize_t n = read(w->fd, &word, sizeof(word));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != sizeof(word)) {
		leave(w);
		return 0;
	}
	who_answer_mend(&word.answer);
	word.said[sizeof(word.said) - 1] = '\0';
	if (word.what == ASKER_AGAIN) {
		enrich_want_again(w->enrich);
		return 1;
	}
	w->counts.pending = word.pending;
	w->counts.failures = word.failures;
	memcpy(w->counts.said, word.said, sizeof(word.said));
	w->counts.unknown += word.what == ASKER_UNKNOWN;
	if (word.what != ASKER_ANSWER || !word.answer.id[0])
		return 1;
	w->counts.answered++;
	return host_container(h, &word.answer) ?: 1;
}

int whois_tend(struct whois *w, struct host *h) {
	int err = 1;

	if (!w || w->fd < 0)
		return 0;
	ask(w);
	for (int i = 0; i < WORDS_AT_ONCE && w->fd >= 0 && err > 0; i++)
		err = hear(w, h);
	return err < 0 ? err : 0;
}

bool whois_asks(const struct whois *w) {
	return w && w->asks;
}

struct whois_counts whois_counts(const struct whois *w) {
	return w ? w->counts : (struct whois_counts){ 0 };
}

void whois_free(struct whois *w) {
	if (!w)
		return;
	if (w->fd >= 0)
		(void)close(w->fd);
	if (w->keeper > 0) {
		(void)kill(w->keeper, SIGKILL); /* it holds nothing, and its child dies with it */
		(void)waitpid(w->keeper, NULL, 0);
	}
	free(w);
}
