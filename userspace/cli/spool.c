/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.c - whether the spool holds what was written; what is known of a sink that is no more
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/export.h"
#include "base/log.h"
#include "base/progress.h"
#include "cli/cli.h"
#include "encode/encode.h"
#include "spool/cursor.h"
#include "spool/verify.h"

extern const struct command command_spool;

static void print_fault(void *ctx, const char *sentence) {
	(void)ctx;
	(void)printf("%s\n", sentence);
}

static void keep_fault(void *ctx, const char *sentence) {
	struct buf *faults = ctx;

	if (faults->len)
		buf_add_char(faults, ',');
	encode_json_text(faults, str_of(sentence));
}

static void print_json(const struct spool_verdict *v, const struct buf *faults, bool key) {
	(void)printf("{\"events\":%" PRIu64 ",\"segments\":%" PRIu64 ",\"gaps\":%" PRIu64
		     ",\"events_in_gaps\":%" PRIu64 ",\"chain\":\"%s\",\"faults\":[%.*s]}\n",
		     v->events, v->segments, v->gaps, v->missing,
		     !key ? "no key" : v->keyed ? "followed" : "not everywhere", (int)faults->len,
		     faults->len ? faults->data : "");
}

static int verify(const char *folder, const uint8_t *key, bool json) {
	struct buf faults = { 0 };
	struct spool_verdict v;
	struct progress p;
	int err;

	progress_begin(&p, STDERR_FILENO, "spool", 0);
	err = spool_verify(folder, key, json ? keep_fault : print_fault, &faults, &p, &v);
	err = err ?: buf_error(&faults);
	progress_end(&p);
	if (!err && json)
		print_json(&v, &faults, key != NULL);
	buf_done(&faults);
	if (err) {
		log_error("the spool \"%s\" cannot be read: %s", folder,
			  err == -ENOENT ? "no sensor has used it yet" : strerror(-err));
		return CLI_FAILURE;
	}
	if (json)
		return v.faults || fflush(stdout) ? CLI_FAILURE : CLI_OK;
	(void)printf("%" PRIu64 " events in %" PRIu64 " segments, %" PRIu64
		     " events in %" PRIu64 " gaps, %" PRIu64 " faults; %s\n",
		     v.events, v.segments, v.missing, v.gaps, v.faults,
		     !key      ? "without --key a careful change would not show"
		     : v.keyed ? "the hash chain was followed"
			       : "not every segment has a hash chain");
	return v.faults || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int forget(const char *folder, const char *name) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = dir < 0 ? -errno : 0;
	struct cursor c;

	if (err) {
		log_error("the spool \"%s\" cannot be read: %s", folder, strerror(-err));
		return CLI_FAILURE;
	}
	err = cursor_forget(dir, name, &c);
	(void)close(dir);
	if (err) {
		log_error("the sink \"%s\" is not forgotten: %s", name,
			  err == -EBUSY ? "it delivers; take it out of the configuration, and "
					  "start the sensor again"
			  : err == -ENOENT || err == -EINVAL
				  ? "there is none of that name; see \"lapwing status\""
				  : strerror(-err));
		return err == -ENOENT ? CLI_USAGE : cli_fault(err);
	}
	(void)printf("%s: forgotten; %" PRIu64 " events had been acknowledged\n", name, c.acked);
	return fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

static int spool_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "spool", required_argument, NULL, 's' },
		{ "json", no_argument, NULL, 'j' },
		{ "key", required_argument, NULL, 'k' },
		{ 0 },
	};
	static const char *const verbs[] = { "verify", "forget" };
	const char *folder = EXPORT_FOLDER, *key_file = NULL;
	uint8_t key[SPOOL_KEY_BYTES];
	bool json = false;
	int option;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_spool);
		if (option == 's')
			folder = optarg;
		else if (option == 'j')
			json = true;
		else if (option == 'k')
			key_file = optarg;
		else
			return cli_bad_option(&command_spool, argv, options, option);
	}
	if (!argv[optind])
		return cli_misuse(&command_spool, "verify, or forget a sink?");
	if (!strcmp(argv[optind], "forget")) {
		if (!argv[optind + 1] || argv[optind + 2] || key_file || json)
			return cli_misuse(&command_spool, "one sink is forgotten at a time");
		return forget(folder, argv[optind + 1]);
	}
	if (strcmp(argv[optind], "verify") != 0)
		return cli_bad_verb(&command_spool, argv[optind], verbs, 2);
	if (argv[optind + 1])
		return cli_misuse(&command_spool, "verify takes no more words; --spool DIR says "
						  "where the spool is");
	if (key_file && export_key(key_file, "", key))
		return CLI_FAILURE;
	return verify(folder, key_file ? key : NULL, json);
}

const struct command command_spool = {
	.name = "spool",
	.summary = "look whether the spool holds what was written; forget a sink",
	.usage = "usage: lapwing spool verify [--json] [--spool DIR] [--key FILE]\n"
		 "       lapwing spool forget SINK [--spool DIR]\n"
		 "\n"
		 "Reads every event in the spool, and tells what is damaged or missing. With the\n"
		 "key of spool.key_file it follows the hash chain, which also tells of events\n"
		 "that were altered, removed, exchanged or put in. The exit code is 1 for any\n"
		 "fault.\n"
		 "\n"
		 "forget removes what is known of a sink that is no more, as status calls it:\n"
		 "its ledger, and its place. A sink of that name would be a new one.\n"
		 "\n"
		 "      --spool DIR    the spool, " EXPORT_FOLDER " by default\n"
		 "      --key FILE     32 bytes, as the sensor had them\n"
		 "      --json         one object, with a list of the faults\n"
		 "\n"
		 "example: sudo lapwing spool verify --key /etc/lapwing/spool.key\n",
	.run = spool_run,
};
