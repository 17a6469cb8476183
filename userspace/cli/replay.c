/* SPDX-License-Identifier: Apache-2.0 */
/*
 * replay.c - recorded events through the rules, without root
 *
 * A tape goes through the whole corridor. Events from a protobuf file have been
 * decoded and enriched once, so they go through its second half: their
 * detections are found anew.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/corridor.h"
#include "app/report.h"
#include "app/rules.h"
#include "base/cutshort.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/events.h"
#include "cli/sensor.h"

extern const struct command command_replay;

struct mapped {
	void *bytes; /* NULL: empty, or not a file that can be mapped */
	size_t n;
};

static int map_file(const char *name, struct mapped *ret) {
	int fd = open(name, O_RDONLY | O_CLOEXEC), err = 0;
	struct stat st;

	*ret = (struct mapped){ 0 };
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st)) {
		err = -errno;
	} else if (S_ISREG(st.st_mode) && st.st_size > 0) {
		ret->n = (size_t)st.st_size;
		ret->bytes = mmap(NULL, ret->n, PROT_READ, MAP_PRIVATE, fd, 0);
		if (ret->bytes == MAP_FAILED) {
			ret->bytes = NULL;
			err = -errno;
		}
	}
	(void)close(fd);
	return err;
}

/* A tape that is played. */
struct playing {
	struct corridor *corridor;
	struct progress progress;
	uint64_t done;
};

static int take_record(void *ctx, const void *record, size_t len) {
	struct playing *p = ctx;
	int err = corridor_record(p->corridor, record, len);

	p->done += len;
	progress_at(&p->progress, p->done);
	return err ? err : p->corridor->error;
}

static int play_tape(struct corridor *c, const char *name, const void *bytes, size_t n) {
	struct playing p = { .corridor = c };
	struct tape_end end;
	int err;

	progress_begin(&p.progress, STDERR_FILENO, name, n);
	err = tape_play(bytes, n, take_record, &p, &end);
	progress_end(&p.progress);
	if (err && err != -EPROTO)
		return err;
	if (err || end.why) {
		log_error("\"%s\", byte %" PRIu64 ": %s, after %" PRIu64 " whole records", name,
			  end.offset, end.why, end.records);
		return -EBADMSG;
	}
	return 0;
}

static int take_event(void *ctx, struct event *e) {
	struct corridor *c = ctx;

	e->detections = NULL;
	e->n_detections = 0;
	corridor_event(c, e);
	return c->error;
}

/* flush - before a wait, so that a sink gets what is there */
static int flush(void *ctx) {
	struct corridor *c = ctx;

	return corridor_flush(c);
}

/* play_mapped - a tape; 1: it is none */
static int play_mapped(struct corridor *c, const char *name, const struct mapped *file) {
	int err = 1;

	cutshort_begin();
	if (tape_is(file->bytes, file->n))
		err = play_tape(c, name, file->bytes, file->n);
	if (!cutshort_end())
		return err;
	log_error("\"%s\" was cut short while it was read", name);
	return -EBADMSG;
}

static int play(struct corridor *c, const char *name) {
	const struct events_user user = { .event = take_event, .wait = flush, .ctx = c };
	struct mapped file = { 0 };
	int err = strcmp(name, "-") ? map_file(name, &file) : 0;

	if (err)
		log_error("\"%s\" cannot be read: %s", name, strerror(-err));
	else
		err = file.bytes ? play_mapped(c, name, &file) : 1;
	if (err == 1)
		err = events_read(name, &c->arena, &user);
	if (file.bytes)
		(void)munmap(file.bytes, file.n);
	return err;
}

static int play_all(const struct session_options *o, char **names) {
	struct corridor c;
	int err = corridor_init(&c), end, code = CLI_FAILURE;

	c.color = o->color;
	if (!err) {
		err = rules_load(o->rules, o->n_rules, &o->detect, &c.rules);
		if (err) {
			(void)corridor_done(&c);
			return err == -EINVAL || err == -ENOENT ? CLI_USAGE : CLI_FAILURE;
		}
	}
	if (!err)
		err = corridor_open(&c, o->outputs, o->n_outputs, false);
	for (char **name = names; *name && !err; name++)
		err = corridor_apart(&c, "input", strcmp(*name, "-") ? *name : "/dev/stdin");
	if (!err)
		err = corridor_begin(&c);
	if (!err && (o->export.n_sinks || o->spool)) {
		err = export_open(&o->export, &c.export);
		code = err ? cli_fault(err) : code;
	}
	for (; *names && !err; names++)
		err = play(&c, *names);
	if (c.malformed)
		log_warn("%" PRIu64 " records could not be decoded, and were left out",
			 c.malformed);
	end = corridor_done(&c);
	if (end)
		corridor_log_fault(&c, "");
	return err ? code : end ? CLI_FAILURE : CLI_OK;
}

static int replay_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "output", required_argument, NULL, 'o' },
		{ "config", required_argument, NULL, SENSOR_CONFIG },
		{ "spool", required_argument, NULL, SENSOR_SPOOL },
		{ "rules", required_argument, NULL, SENSOR_RULES },
		{ "no-rules", no_argument, NULL, SENSOR_NO_RULES },
		{ "strict", no_argument, NULL, SENSOR_STRICT },
		RULES_SELECT_OPTIONS,
		{ "color", required_argument, NULL, SENSOR_COLOR },
		{ 0 },
	};
	struct session_options o = sensor_options();
	int option, code;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":ho:", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_replay);
		code = sensor_option(&command_replay, option, &o);
		if (code < 0)
			return cli_bad_option(&command_replay, argv, options, option);
		if (code)
			return code;
	}
	if (!argv[optind])
		return cli_misuse(&command_replay, "which file is to be replayed?");
	code = sensor_finish(&command_replay, &o);
	return code ? code : play_all(&o, argv + optind);
}

const struct command command_replay = {
	.name = "replay",
	.summary = "run recorded events through the rules, without root",
	.usage = "usage: lapwing replay [OPTION]... FILE...\n"
		 "\n"
		 "FILE is a tape (`lapwing run --tape`) or a file of protobuf events.\n"
		 "\n"
		 "  -o, --output SPEC   FORMAT:FILE; text, json, proto, ocsf, ecs; - is stdout\n"
		 "  -o, --output URL    a sink, as for `run`; the events get numbers of its spool\n"
		 "      --config FILE   a configuration, for its sinks and rules\n"
		 "      --spool DIR     where events wait for sinks (" EXPORT_FOLDER ")\n"
		 "      --rules PATH    Sigma rules, file or folder (repeatable; else the "
		 "shipped)\n"
		 "      --no-rules      detect nothing\n"
		 "      --strict        a rule with a fault refuses all of them\n"
		 RULES_SELECT_USAGE
		 "      --color WHEN    auto, always, never\n"
		 "\n"
		 "example: lapwing replay --rules rules -o json:- night.tape\n",
	.run = replay_run,
};
