/* SPDX-License-Identifier: Apache-2.0 */
#include "app/journal.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "base/cutshort.h"
#include "base/library.h"

#define LIBRARY "libsystemd.so.0"
#define ENTRIES 4096 /* at one call */
#define MAX_FIELD (64u * 1024) /* bytes of a field that are unpacked */

/* What of libsystemd is used, found when it is loaded. */
static struct {
	void *library;
	__typeof__(sd_journal_open) *open;
	__typeof__(sd_journal_open_directory) *open_directory;
	__typeof__(sd_journal_close) *close;
	__typeof__(sd_journal_get_fd) *get_fd;
	__typeof__(sd_journal_process) *process;
	__typeof__(sd_journal_seek_tail) *seek_tail;
	__typeof__(sd_journal_seek_head) *seek_head;
	__typeof__(sd_journal_previous) *previous;
	__typeof__(sd_journal_next) *next;
	__typeof__(sd_journal_get_data) *get_data;
	__typeof__(sd_journal_get_realtime_usec) *realtime;
	__typeof__(sd_journal_set_data_threshold) *threshold;
} lib;

/* The library maps its files: it is called between cutshort_begin() and cutshort_end(). */
struct journal {
	sd_journal *j;
	char line[JOURNAL_LINE];
};

static int load(const char **why) {
	static const struct library_call calls[] = {
		{ "sd_journal_open", &lib.open },
		{ "sd_journal_open_directory", &lib.open_directory },
		{ "sd_journal_close", &lib.close },
		{ "sd_journal_get_fd", &lib.get_fd },
		{ "sd_journal_process", &lib.process },
		{ "sd_journal_seek_tail", &lib.seek_tail },
		{ "sd_journal_seek_head", &lib.seek_head },
		{ "sd_journal_previous", &lib.previous },
		{ "sd_journal_next", &lib.next },
		{ "sd_journal_get_data", &lib.get_data },
		{ "sd_journal_get_realtime_usec", &lib.realtime },
		{ "sd_journal_set_data_threshold", &lib.threshold },
		{ NULL, NULL },
	};

	return library_load(LIBRARY, "libsystemd0", calls, &lib.library, why);
}

/* to_end - so that the next entry is the first that comes from now on, also into an empty one */
static int to_end(sd_journal *j) {
	int n = lib.seek_tail(j);

	if (n >= 0)
		n = lib.previous(j);
	/* behind the tail of nothing nothing ever comes */
	return n ? n : lib.seek_head(j);
}

int journal_open(const char *folder, struct journal **ret, const char **why) {
	struct journal *j;
	int err = load(why);

	if (err)
		return err;
	j = calloc(1, sizeof(*j));
	if (!j)
		return -ENOMEM;
	cutshort_begin();
	err = folder ? lib.open_directory(&j->j, folder, 0)
		     : lib.open(&j->j, SD_JOURNAL_LOCAL_ONLY);
	if (err >= 0)
		err = lib.threshold(j->j, MAX_FIELD);
	if (err >= 0)
		err = lib.get_fd(j->j);
	if (err >= 0)
		err = to_end(j->j);
	if (cutshort_end())
		err = -EIO;
	if (err < 0) {
		*why = strerror(-err);
		journal_free(j);
		return err;
	}
	*ret = j;
	return 0;
}

void journal_free(struct journal *j) {
	if (j && j->j) {
		cutshort_begin();
		lib.close(j->j);
		(void)cutshort_end();
	}
	free(j);
}

/* field - of the entry, what stands behind "@name="; absent: { NULL, 0 } */
static struct str field(struct journal *j, const char *name) {
	const void *data;
	size_t n, skip = strlen(name) + 1;

	if (lib.get_data(j->j, name, &data, &n) < 0 || n < skip)
		return (struct str){ 0 };
	return (struct str){ (const char *)data + skip, (uint32_t)(n - skip) };
}

/* first_of - the first of two fields that is there, kept: the next look-up may move it */
static uint32_t first_of(struct journal *j, const char *a, const char *b, char *to, uint32_t room) {
	struct str x = field(j, a);

	if (!x.n)
		x = field(j, b);
	if (x.n > room)
		x.n = room;
	for (uint32_t i = 0; i < x.n; i++) /* one word, as in syslog's lines */
		to[i] = (unsigned char)x.s[i] <= ' ' ? '_' : x.s[i];
	return x.n;
}

/* head - all before the message; its length. Whose name begins with "_" is journald's own word. */
static uint32_t head(struct journal *j) {
	char host[64], program[64], pid[12], when[40];
	uint32_t n_host = first_of(j, "_HOSTNAME", "HOST", host, sizeof(host));
	uint32_t n_program = first_of(j, "SYSLOG_IDENTIFIER", "_COMM", program, sizeof(program));
	uint32_t n_pid = first_of(j, "_PID", "SYSLOG_PID", pid, sizeof(pid));
	uint64_t us = 0;
	struct tm t;
	time_t s;
	int n;

	(void)lib.realtime(j->j, &us);
	s = (time_t)(us / 1000000);
	if (!gmtime_r(&s, &t))
		memset(&t, 0, sizeof(t));
	(void)strftime(when, sizeof(when), "%Y-%m-%dT%H:%M:%S", &t);
	n = snprintf(j->line, JOURNAL_LINE, "%s.%06u+00:00 %.*s %.*s%s%.*s%s: ", when,
		     (unsigned)(us % 1000000), n_host ? (int)n_host : 1, n_host ? host : "-",
		     n_program ? (int)n_program : 1, n_program ? program : "-", n_pid ? "[" : "",
		     (int)n_pid, pid, n_pid ? "]" : "");
	return (uint32_t)n;
}

/*
 * service_of - as a syslog daemon shares lines out by their facility (RFC 5424, 6.2.1)
 * Any process may send any facility, but only what journald read from the kernel is the kernel's.
 */
static const char *service_of(struct journal *j, const char *service) {
	struct str x = field(j, "SYSLOG_FACILITY");

	if (str_eq(x, STR("4")) || str_eq(x, STR("10")))
		return "auth";
	if (str_eq(field(j, "_TRANSPORT"), STR("kernel")))
		return "kernel";
	return str_eq(x, STR("9")) ? "cron" : service;
}

/* tell - one entry; false: there is no more of it, nor of the file */
static bool tell(struct journal *j, const char *service,
		 int (*each)(void *ctx, const char *service, struct str line), void *ctx,
		 int *ret_err) {
	uint32_t from = head(j);
	const char *of = service_of(j, service);
	struct str message = field(j, "MESSAGE");

	for (uint32_t at = 0; !*ret_err && at < message.n;) {
		uint32_t n = message.n - at;

		if (n > JOURNAL_LINE - from)
			n = JOURNAL_LINE - from;
		for (uint32_t i = 0; i < n; i++) {
			char c = message.s[at + i];

			j->line[from + i] = c == '\n' || !c ? ' ' : c;
		}
		at += n;
		if (cutshort_end())
			return false;
		*ret_err = each(ctx, of, (struct str){ j->line, from + n });
		cutshort_begin();
	}
	return true;
}

int journal_read(struct journal *j, const char *service,
		 int (*each)(void *ctx, const char *service, struct str line), void *ctx,
		 int *ret_fault) {
	int n, err = 0;

	*ret_fault = -EIO;
	cutshort_begin();
	n = lib.process(j->j);
	for (unsigned i = 0; n >= 0 && !err && i < ENTRIES; i++) {
		n = lib.next(j->j);
		if (n > 0 && !tell(j, service, each, ctx, &err))
			return 0;
		if (n <= 0)
			break;
	}
	if (!cutshort_end())
		*ret_fault = n < 0 ? n : 0;
	return err;
}
