/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content.c - the owner's hand on the content of this host
 *
 * Works with and without a running sensor, and without any network: it changes the state folder
 * under its lock, and the sensor sees it within a second.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/intake.h"
#include "app/recorder.h"
#include "app/rules.h"
#include "app/settings.h"
#include "base/file.h"
#include "base/log.h"
#include "base/quantity.h"
#include "cli/cli.h"
#include "cli/content.h"

extern const struct command command_content;

#define LOCK_MS 5000

int content_fail(const struct content_job *j, int err) {
	log_error("the content in \"%s\" cannot be changed: %s", j->folder,
		  err == -EWOULDBLOCK ? "somebody else is changing it" : strerror(-err));
	return CLI_FAILURE;
}

/* owner - what the owner did goes into the history */
static void owner(const struct content_job *j, const struct state_slot *slot, const char *verdict,
		  const char *text) {
	struct verdict v = { .version = slot->version, .order = j->state.order };

	memcpy(v.hash, slot->hash, SEAL_HASH_BYTES);
	verdict_say(&v, "owner", verdict, "-", "%s", text);
	intake_tell(&j->store, &v);
}

static int begin(struct content_job *j) {
	int err = store_lock(&j->store, LOCK_MS);

	return err ? err : store_load(&j->store, &j->state);
}

static int save(struct content_job *j) {
	int err = store_save(&j->store, &j->state);

	store_unlock(&j->store);
	return err ? content_fail(j, err) : CLI_OK;
}

/* --- changes ---------------------------------------------------------------------------------- */

static int read_file(const char *path, struct buf *out) {
	int err = file_read_at(AT_FDCWD, path, SEAL_MAX_BYTES, out);

	if (err)
		log_error("\"%s\" cannot be read: %s", path, strerror(-err));
	return err;
}

static int trust(struct content_job *j) {
	struct buf bytes = { 0 };
	struct verdict v = { 0 };
	int err = read_file(j->args[0], &bytes);

	if (!err) {
		err = intake_root(&j->store, bytes.data, bytes.len, &v);
		(void)printf("%s: %s\n", v.verdict, v.text);
	}
	buf_done(&bytes);
	return err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

/* skip_trial - the owner takes the place of gates 3 and 4 */
static int skip_trial(struct content_job *j, const char *text) {
	int err = begin(j);

	if (!err && !j->state.stage) {
		store_unlock(&j->store);
		log_error("nothing is on trial");
		return CLI_FAILURE;
	}
	if (err)
		return content_fail(j, err);
	while (!state_promote(&j->state))
		;
	err = save(j);
	if (!err)
		owner(j, &j->state.live, "proven", text);
	return err;
}

static int install(struct content_job *j) {
	const char *shipped = rules_default();
	struct intake in = { .store = &j->store,
			     .rules = &shipped,
			     .n_rules = shipped != NULL,
			     .tapes = recorder_folder(j->tapes),
			     .limits = &rehearse_defaults,
			     .channel = "",
			     .owner = true,
			     .progress_fd = STDERR_FILENO };
	struct buf bytes = { 0 };
	struct verdict v = { 0 };
	int err = read_file(j->args[0], &bytes);

	if (!err) {
		err = intake_bundle(&in, bytes.data, bytes.len, &v);
		if (err || !j->now)
			(void)printf("%s: %s: %s: %s\n", v.gate, v.verdict, v.reason, v.text);
		else
			err = skip_trial(j, "the owner installed it without a trial");
		if (!err && j->now)
			(void)printf("store: passed: -: it is live, without a trial\n");
	}
	buf_done(&bytes);
	return err || fflush(stdout) ? CLI_FAILURE : CLI_OK;
}

/* roll_back - a trial ends; without one the live bundle gives way to the one before, or none */
static int roll_back(struct content_job *j) {
	int err = begin(j);
	struct state_slot from, to = { 0 };

	if (err)
		return content_fail(j, err);
	from = j->state.stage ? j->state.trial : j->state.live;
	if (!from.there) {
		store_unlock(&j->store);
		log_error("there is nothing to go back from");
		return CLI_FAILURE;
	}
	if (j->state.stage) {
		state_rollback(&j->state);
	} else {
		to = *state_back(&j->state, from.hash);
		state_revert(&j->state, &to);
		j->state.before[0] = j->state.before[1];
		j->state.before[1] = (struct state_slot){ 0 };
	}
	err = save(j);
	if (!err)
		owner(j, &from, "reverted", "the owner rolled it back");
	return err;
}

static int write_pins(struct content_job *j, const struct policy *p, const char *text) {
	struct buf out = { 0 };
	int err;

	policy_format(p, &out);
	err = buf_error(&out) ? buf_error(&out)
			      : store_write(&j->store, "pins", out.data, out.len);
	buf_done(&out);
	if (err)
		return content_fail(j, err);
	owner(j, &(struct state_slot){ 0 }, "pinned", text);
	return CLI_OK;
}

static void read_pins(struct content_job *j, struct policy *p) {
	struct buf text = { 0 };

	*p = policy_default();
	if (!store_read(&j->store, "pins", CONTENT_PINS_BYTES, &text) &&
	    policy_parse((struct str){ text.data, (uint32_t)text.len }, p))
		log_warn("the pins of \"%s\" cannot be read, and are begun anew, continuing",
			 j->folder);
	buf_done(&text);
}

static int pin(struct content_job *j) {
	char text[VERDICT_TEXT_BYTES] = "";
	struct policy p;

	read_pins(j, &p);
	if (!strcmp(j->args[0], "none")) {
		p = policy_default();
		j->n_args = 0;
	}
	for (int i = 0; i < j->n_args; i++) {
		const char *eq = strchr(j->args[i], '=');
		struct str key = { j->args[i], eq ? (uint32_t)(eq - j->args[i]) : 0 };
		const char *value = eq ? eq + 1 : NULL;
		uint64_t ms;
		char seconds[24];

		if (value && str_eq(key, STR("delay")) && !quantity_ms(value, &ms)) {
			(void)snprintf(seconds, sizeof(seconds), "%" PRIu64, ms / 1000);
			value = seconds;
		}
		if (!value || policy_set(&p, key, str_of(value)))
			return cli_misuse(&command_content,
					  "pin takes max_ring=0..4, ring=0..4, delay=TIME, "
					  "exact=HASH, channel=NAME, stratum=LABEL, part=N/M, "
					  "weekends=0|1, laboratory=0|1 or \"none\", not "
					  "\"%s\"", j->args[i]);
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s ",
			       j->args[i]);
	}
	return write_pins(j, &p, text[0] ? text : "none");
}

static int freeze(struct content_job *j) {
	const char *until = j->n_args ? j->args[0] : "ever";
	struct policy p;
	uint64_t ms;

	read_pins(j, &p);
	if (!strcmp(until, "off"))
		p.freeze_until_s = 0;
	else if (!strcmp(until, "ever"))
		p.freeze_until_s = UINT64_MAX;
	else if (!quantity_ms(until, &ms))
		p.freeze_until_s = intake_now_s() + ms / 1000;
	else
		return cli_misuse(&command_content, "freeze takes a time such as 24h, \"ever\" or "
				  "\"off\", not \"%s\"", until);
	return write_pins(j, &p, p.freeze_until_s ? "frozen" : "no longer frozen");
}

static int pause_updates(struct content_job *j, bool paused) {
	int err = begin(j);

	if (err)
		return content_fail(j, err);
	j->state.paused = paused;
	err = save(j);
	if (!err)
		owner(j, &(struct state_slot){ 0 }, paused ? "paused" : "resumed",
		      paused ? "no update begins" : "updates are looked for again");
	return err;
}

static int pause_run(struct content_job *j) {
	return pause_updates(j, true);
}

static int resume_run(struct content_job *j) {
	return pause_updates(j, false);
}

static int promote(struct content_job *j) {
	return skip_trial(j, "the owner ended its trial");
}

/* switch_it - a rule or what hooks tell, off for a time or until it is on again */
static int switch_it(struct content_job *j, enum off_kind kind, bool off) {
	struct off o = { .kind = kind, .owner = true, .until_s = UINT64_MAX };
	const char *name = j->args[0];
	uint64_t ms;
	int err;

	if (strlen(name) >= sizeof(o.name) || (j->n_args > 1 && quantity_ms(j->args[1], &ms)))
		return cli_misuse(&command_content, "it takes a name, and to switch off a time "
				  "such as 24h");
	if (j->n_args > 1)
		o.until_s = intake_now_s() + ms / 1000;
	memcpy(o.name, name, strlen(name) + 1);
	err = begin(j);
	if (!err && off)
		err = off_put(&j->state.off, &o);
	if (!err && !off && !off_take(&j->state.off, kind, name)) {
		store_unlock(&j->store);
		content_not_off(j, kind, name);
		return CLI_FAILURE;
	}
	if (err)
		return content_fail(j, err);
	err = save(j);
	if (!err)
		owner(j, &(struct state_slot){ 0 }, off ? "off" : "on", name);
	if (!err && off && kind == OFF_RULE)
		content_unknown(j, name); /* compiles bundles: what was done is recorded by now */
	return err;
}

static int disarm(struct content_job *j) {
	return switch_it(j, OFF_RULE, true);
}

static int arm(struct content_job *j) {
	return switch_it(j, OFF_RULE, false);
}

static int leave(struct content_job *j) {
	int code = cli_deed(&command_content, j->args[0]);

	return code ? code : switch_it(j, OFF_DEED, true);
}

static int restore(struct content_job *j) {
	return switch_it(j, OFF_DEED, false);
}

static const struct verb {
	const char *name;
	int (*run)(struct content_job *j);
	int min, max;
} verbs[] = {
	{ "status", content_status, 0, 0 },
	{ "history", content_history, 0, 0 },
	{ "trust", trust, 1, 1 },	  { "install", install, 1, 1 },
	{ "promote", promote, 0, 0 },	  { "rollback", roll_back, 0, 0 },
	{ "pin", pin, 1, 16 },		  { "freeze", freeze, 0, 1 },
	{ "pause", pause_run, 0, 0 },	  { "resume", resume_run, 0, 0 },
	{ "disarm", disarm, 1, 2 },	  { "arm", arm, 1, 1 },
	{ "leave", leave, 1, 2 },	  { "restore", restore, 1, 1 },
};

#define N_VERBS (sizeof(verbs) / sizeof(verbs[0]))

static int run_verb(struct content_job *j, const char *name) {
	const char *names[N_VERBS];
	const struct verb *v = NULL;
	int err, code;

	for (size_t i = 0; i < N_VERBS; i++) {
		names[i] = verbs[i].name;
		if (!strcmp(name, verbs[i].name))
			v = &verbs[i];
	}
	if (!v)
		return cli_bad_verb(&command_content, name, names, N_VERBS);
	if (j->n_args < v->min || j->n_args > v->max)
		return cli_misuse(&command_content, "%s takes %s", name,
				  v->max ? "what to do" : "nothing");
	err = store_open(j->folder, &j->store);
	if (err) {
		log_error("the content in \"%s\" cannot be opened: %s", j->folder, strerror(-err));
		return CLI_FAILURE;
	}
	code = v->run(j);
	store_close(&j->store);
	return code;
}

static int content_run(int argc, char **argv) {
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "folder", required_argument, NULL, 'f' },
		{ "json", no_argument, NULL, 'j' },
		{ "tapes", required_argument, NULL, 't' },
		{ "now", no_argument, NULL, 'n' },
		{ 0 },
	};
	struct content_job j = { .folder = UPDATER_FOLDER };
	int option;

	if (sodium_init() < 0)
		return CLI_FAILURE;
	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":h", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_content);
		if (option == 'f')
			j.folder = optarg;
		else if (option == 'j')
			j.json = true;
		else if (option == 't')
			j.tapes = optarg;
		else if (option == 'n')
			j.now = true;
		else
			return cli_bad_option(&command_content, argv, options, option);
	}
	j.args = argv + optind + (argv[optind] != NULL);
	j.n_args = argc - optind - (argv[optind] != NULL);
	return run_verb(&j, argv[optind] ? argv[optind] : "status");
}

const struct command command_content = {
	.name = "content",
	.summary = "which rules are live, on trial, held; change it",
	.usage = "usage: lapwing content [--folder DIR] [--json] [status|history]\n"
		 "       lapwing content [--folder DIR] trust ROOT\n"
		 "       lapwing content [--folder DIR] install [--now] BUNDLE\n"
		 "       lapwing content [--folder DIR] promote | rollback | pause | resume\n"
		 "       lapwing content [--folder DIR] pin KEY=VALUE... | pin none\n"
		 "       lapwing content [--folder DIR] freeze [TIME|ever|off]\n"
		 "       lapwing content [--folder DIR] disarm RULE [TIME] | arm RULE\n"
		 "       lapwing content [--folder DIR] leave DEED [TIME] | restore DEED\n"
		 "\n"
		 "trust installs the keys to believe, or the next ones. install sends a bundle\n"
		 "through gates 1 and 2, and the sensor puts it on trial; --now takes it without.\n"
		 "promote ends a trial well, rollback ends it, or leaves the live bundle for the\n"
		 "one before. disarm and leave switch off a rule, or what hooks tell (file,\n"
		 "net.dns); arm and restore end that, also where an order said so. The name of a\n"
		 "rule that is not here is kept, for when it comes, and that is said.\n"
		 "pin: max_ring, ring, delay, exact, channel, stratum, part. A running\n"
		 "sensor follows within a second; none of this needs a network.\n"
		 "\n"
		 "      --folder DIR    the state folder (" UPDATER_FOLDER ")\n"
		 "      --tapes DIR     the flight recorder's, on tmpfs (/run/lapwing)\n"
		 "\n"
		 "example: sudo lapwing content install base-12.lwb\n",
	.run = content_run,
};
