/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.c - content as its author makes it: keys, bundles, orders, and what would change
 */
#include "cli/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "base/quantity.h"

enum {
	OPTION_NAME = 512,
	OPTION_VERSION,
	OPTION_CHANNEL,
	OPTION_NOTES,
	OPTION_EXPIRES,
	OPTION_CREATED,
	OPTION_MIN,
	OPTION_MAX,
	OPTION_PREVIOUS,
	OPTION_LIST,
	OPTION_TUNING,
	OPTION_APPROVER, OPTION_NEEDS,
	OPTION_UNTRIED,
	OPTION_KEY,
	OPTION_ROOT,
	OPTION_NEED,
	OPTION_TAPE,
	OPTION_BUNDLE,
	OPTION_NUMBER,
	OPTION_STATE,
	OPTION_PERCENT,
	OPTION_RING,
	OPTION_RELEASE,
	OPTION_SPREAD,
	OPTION_TO,
	OPTION_STRATUM,
	OPTION_DISARM, OPTION_LEAVE, OPTION_SAFE,
	OPTION_SHADOW,
	OPTION_PROBATION,
	OPTION_EMERGENCY,
	OPTION_RETRY,
	OPTION_JSON,
};

const char *const bundle_roles[KEYS_ROLES] = { "", "root", "release", "rollout" };

static const struct option options[] = {
	{ "help", no_argument, NULL, 'h' },
	{ "output", required_argument, NULL, 'o' },
	{ "name", required_argument, NULL, OPTION_NAME },
	{ "version", required_argument, NULL, OPTION_VERSION },
	{ "channel", required_argument, NULL, OPTION_CHANNEL },
	{ "notes", required_argument, NULL, OPTION_NOTES },
	{ "expires", required_argument, NULL, OPTION_EXPIRES },
	{ "created", required_argument, NULL, OPTION_CREATED },
	{ "engine-min", required_argument, NULL, OPTION_MIN },
	{ "engine-max", required_argument, NULL, OPTION_MAX },
	{ "previous", required_argument, NULL, OPTION_PREVIOUS },
	{ "list", required_argument, NULL, OPTION_LIST },
	{ "tuning", required_argument, NULL, OPTION_TUNING },
	{ "approver", required_argument, NULL, OPTION_APPROVER },
	{ "needs", required_argument, NULL, OPTION_NEEDS },
	{ "untried", no_argument, NULL, OPTION_UNTRIED },
	{ "key", required_argument, NULL, OPTION_KEY },
	{ "root", required_argument, NULL, OPTION_ROOT },
	{ "need", required_argument, NULL, OPTION_NEED },
	{ "tape", required_argument, NULL, OPTION_TAPE },
	{ "bundle", required_argument, NULL, OPTION_BUNDLE },
	{ "number", required_argument, NULL, OPTION_NUMBER },
	{ "state", required_argument, NULL, OPTION_STATE },
	{ "percent", required_argument, NULL, OPTION_PERCENT },
	{ "ring", required_argument, NULL, OPTION_RING },
	{ "release", required_argument, NULL, OPTION_RELEASE },
	{ "spread", required_argument, NULL, OPTION_SPREAD },
	{ "to", required_argument, NULL, OPTION_TO },
	{ "stratum", required_argument, NULL, OPTION_STRATUM },
	{ "disarm", required_argument, NULL, OPTION_DISARM },
	{ "leave", required_argument, NULL, OPTION_LEAVE },
	{ "safe", no_argument, NULL, OPTION_SAFE },
	{ "shadow", required_argument, NULL, OPTION_SHADOW },
	{ "probation", required_argument, NULL, OPTION_PROBATION },
	{ "emergency", no_argument, NULL, OPTION_EMERGENCY },
	{ "retry", no_argument, NULL, OPTION_RETRY },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ 0 },
};

int bundle_read(const char *path, size_t max, struct buf *out) {
	int err = file_read_at(AT_FDCWD, path, max, out);

	if (err)
		log_error("\"%s\" cannot be read: %s", path,
			  err == -EFBIG ? "it is too long" : strerror(-err));
	return err;
}

int bundle_write(const char *path, const struct buf *bytes) {
	int err = buf_error(bytes) ? buf_error(bytes)
				   : file_write_at(AT_FDCWD, path, bytes->data, bytes->len);

	if (err)
		log_error("\"%s\" cannot be written: %s", path, strerror(-err));
	return err;
}

/* --- options ---------------------------------------------------------------------------------- */

static int take_u64(const char *option, uint64_t max, uint64_t *ret) {
	char *end;

	errno = 0;
	*ret = strtoull(optarg, &end, 10);
	if (errno || *end || end == optarg || *optarg == '-' || *ret > max)
		return cli_misuse(&command_bundle, "%s takes a whole number from 0 to %" PRIu64
				  ", not \"%s\"", option, max, optarg);
	return CLI_OK;
}

static int take_seconds(const char *option, uint32_t *ret) {
	uint64_t ms;

	if (quantity_ms(optarg, &ms) || ms / 1000 > UINT32_MAX)
		return cli_misuse(&command_bundle, "%s takes a time such as 30s, 24h or 7d, not "
				  "\"%s\"", option, optarg);
	*ret = (uint32_t)(ms / 1000);
	return CLI_OK;
}

static int take_expires(struct bundle_job *j) {
	uint64_t ms;

	if (quantity_ms(optarg, &ms))
		return cli_misuse(&command_bundle, "--expires takes a time from now such as 72h or "
				  "90d, not \"%s\"", optarg);
	j->expires_s = j->created_s + ms / 1000;
	return CLI_OK;
}

static int take_need(struct bundle_job *j) {
	const char *eq = strchr(optarg, '=');

	for (int i = KEYS_ROOT; eq && i < KEYS_ROLES; i++) {
		if (strlen(bundle_roles[i]) != (size_t)(eq - optarg) ||
		    strncmp(bundle_roles[i], optarg, (size_t)(eq - optarg)) != 0)
			continue;
		j->need[i] = (uint32_t)strtoul(eq + 1, NULL, 10);
		return CLI_OK;
	}
	return cli_misuse(&command_bundle, "--need takes root=N, release=N or rollout=N, not "
			  "\"%s\"", optarg);
}

static int take_state(struct bundle_job *j) {
	for (int i = ORDER_RUN; i <= ORDER_REVERT; i++) {
		if (strcmp(optarg, order_word((enum order_state)i)) != 0)
			continue;
		j->order.state = (enum order_state)i;
		return CLI_OK;
	}
	return cli_misuse(&command_bundle, "--state takes run, pause or revert, not \"%s\"",
			  optarg);
}

static int take_percent(struct bundle_job *j) {
	char *end;
	double v = strtod(optarg, &end);

	if (*end || end == optarg || !(v >= 0 && v <= 100))
		return cli_misuse(&command_bundle, "--percent takes 0 to 100, not \"%s\"", optarg);
	j->order.permyriad = (uint32_t)(v * 100 + 0.5);
	return CLI_OK;
}

static int take_kinds(struct bundle_job *j) {
	const char *bad, *near;

	if (!cli_kinds(optarg, &j->needs, &bad))
		return CLI_OK;
	near = cli_nearest_kind(bad);
	return cli_misuse(&command_bundle, "--needs: \"%s\" is no kind of event%s%s%s", bad,
			  near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static int add(const char **to, size_t *n, size_t max, const char *what) {
	if (*n == max)
		return cli_misuse(&command_bundle, "at most %zu %s", max, what);
	to[(*n)++] = optarg;
	return CLI_OK;
}

static int add_text(char (*to)[ORDER_TEXT_BYTES], uint32_t *n, uint32_t max, const char *what) {
	if (*n == max || strlen(optarg) >= ORDER_TEXT_BYTES)
		return cli_misuse(&command_bundle, "at most %u %s", max, what);
	(void)snprintf(to[(*n)++], ORDER_TEXT_BYTES, "%s", optarg);
	return CLI_OK;
}

/* take_order - the options of an order; -1: it is none of these */
static int take_order(int option, struct bundle_job *j) {
	struct order *o = &j->order;
	uint64_t v = 0;
	int code;

	switch (option) {
	case OPTION_NUMBER:
		return take_u64("--number", UINT64_MAX, &o->number);
	case OPTION_STATE:
		return take_state(j);
	case OPTION_PERCENT:
		return take_percent(j);
	case OPTION_RING:
		code = take_u64("--ring", 4, &v);
		o->ring = (uint32_t)v;
		return code;
	case OPTION_SPREAD:
		return take_seconds("--spread", &o->spread_s);
	case OPTION_SHADOW:
		return take_seconds("--shadow", &o->shadow_s);
	case OPTION_PROBATION:
		return take_seconds("--probation", &o->probation_s);
	case OPTION_STRATUM:
		return add_text(o->strata, &o->n_strata, ORDER_STRATA, "strata");
	case OPTION_DISARM:
		return add_text(o->disarm, &o->n_disarm, ORDER_DISARM, "rules to disarm");
	case OPTION_LEAVE:
		code = cli_deed(&command_bundle, optarg);
		return code ? code
			    : add_text(o->leave, &o->n_leave, ORDER_LEAVE, "deeds to leave");
	case OPTION_SAFE:
		o->safe = true;
		return CLI_OK;
	case OPTION_EMERGENCY:
		o->emergency = true;
		return CLI_OK;
	case OPTION_RETRY:
		o->retry = true;
		return CLI_OK;
	default:
		return -1;
	}
}

static const char **text_of(int option, struct bundle_job *j) {
	switch (option) {
	case 'o':
		return &j->out;
	case OPTION_NAME:
		return &j->name;
	case OPTION_CHANNEL:
		return &j->channel;
	case OPTION_NOTES:
		return &j->notes;
	case OPTION_MIN:
		return &j->engine_min;
	case OPTION_MAX:
		return &j->engine_max;
	case OPTION_PREVIOUS:
		return &j->previous;
	case OPTION_TUNING:
		return &j->tuning;
	case OPTION_ROOT:
		return &j->root;
	case OPTION_BUNDLE:
		return &j->bundle;
	case OPTION_RELEASE:
		return &j->release;
	case OPTION_TO:
		return &j->to;
	default:
		return NULL;
	}
}

static int take(int option, struct bundle_job *j) {
	const char **text = text_of(option, j);

	if (text) {
		*text = optarg;
		return CLI_OK;
	}
	switch (option) {
	case OPTION_VERSION:
		return take_u64("--version", UINT64_MAX, &j->version);
	case OPTION_CREATED:
		return take_u64("--created", UINT64_MAX / 2, &j->created_s);
	case OPTION_EXPIRES:
		return take_expires(j);
	case OPTION_LIST:
		return add(j->lists, &j->n_lists, BUNDLE_ARGS, "lists");
	case OPTION_APPROVER:
		return add(j->approvers, &j->n_approvers, BUNDLE_APPROVERS, "approvers");
	case OPTION_NEEDS:
		return take_kinds(j);
	case OPTION_KEY:
		return add(j->keys, &j->n_keys, BUNDLE_ARGS, "keys");
	case OPTION_TAPE:
		return add(j->tapes, &j->n_tapes, 2, "tapes");
	case OPTION_NEED:
		return take_need(j);
	case OPTION_JSON:
		j->json = true;
		return CLI_OK;
	case OPTION_UNTRIED:
		j->untried = true;
		return CLI_OK;
	default:
		return take_order(option, j);
	}
}

static int run_verb(const char *verb, struct bundle_job *j) {
	static const struct {
		const char *name;
		int (*run)(const struct bundle_job *job);
		size_t min, max; /* arguments */
	} verbs[] = {
		{ "keygen", bundle_keygen, 1, 1 },   { "root", bundle_root, 0, 0 },
		{ "build", bundle_build, 1, 64 },    { "sign", bundle_sign, 1, 64 },
		{ "verify", bundle_verify, 1, 1 },   { "inspect", bundle_inspect, 1, 1 },
		{ "diff", bundle_diff, 2, 2 },
	};
	const char *names[8];
	size_t n = sizeof(verbs) / sizeof(verbs[0]);

	if (!strcmp(verb, "order"))
		return bundle_order(j);
	for (size_t i = 0; i < n; i++) {
		names[i] = verbs[i].name;
		if (strcmp(verb, verbs[i].name) != 0)
			continue;
		if (j->n_paths < verbs[i].min || j->n_paths > verbs[i].max)
			return cli_misuse(&command_bundle, "%s takes %s", verb,
					  verbs[i].max == 2   ? "two files"
					  : verbs[i].max == 1 ? "one file"
					  : verbs[i].max      ? "files"
							      : "no file");
		return verbs[i].run(j);
	}
	names[n++] = "order";
	return cli_bad_verb(&command_bundle, verb, names, n);
}

static int bundle_run(int argc, char **argv) {
	struct bundle_job j = { .created_s = (uint64_t)time(NULL) };
	int option, code;

	if (sodium_init() < 0)
		return CLI_FAILURE;
	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, ":ho:", options)) != -1) {
		if (option == 'h')
			return cli_help(&command_bundle);
		code = take(option, &j);
		if (code < 0)
			return cli_bad_option(&command_bundle, argv, options, option);
		if (code)
			return code;
	}
	if (!argv[optind])
		return cli_misuse(&command_bundle, "keygen, root, build, sign, verify, inspect, "
				  "diff or order?");
	j.paths = (const char **)(argv + optind + 1);
	j.n_paths = (size_t)(argc - optind - 1);
	return run_verb(argv[optind], &j);
}

const struct command command_bundle = {
	.name = "bundle",
	.summary = "make, sign, check and compare content",
	.usage = "usage: lapwing bundle keygen FILE\n"
		 "       lapwing bundle root -o FILE --version N --key ROLE:NAME=FILE.pub...\n"
		 "                           [--need ROLE=N]... [--expires TIME]\n"
		 "       lapwing bundle build -o FILE --name NAME --version N [OPTION]... PATH...\n"
		 "       lapwing bundle sign --key FILE SEALED...\n"
		 "       lapwing bundle verify --root FILE BUNDLE\n"
		 "       lapwing bundle inspect [--json] SEALED\n"
		 "       lapwing bundle diff [--json] [--tape FILE]... OLD NEW\n"
		 "       lapwing bundle order -o FILE --number N --bundle BUNDLE --state STATE\n"
		 "                            --percent P --ring R [OPTION]...\n"
		 "\n"
		 "keygen makes FILE, a secret key, and FILE.pub. ROLE is root, release or\n"
		 "rollout. build makes a bundle of rules and their NAME.test.yml; diff says what\n"
		 "NEW would find that OLD does not; order tells hosts to take a bundle.\n"
		 "\n"
		 CLI_MORE("bundle")
		 "\n"
		 "example: lapwing bundle diff --tape night.tape old.lwb new.lwb\n",
	.more = "      --json              what inspect and diff say, as one object\n"
		 "\n"
		 "build, from rules and their NAME.test.yml:\n"
		 "      --channel NAME      whom it is for (stable)\n"
		 "      --expires TIME      when it ends (90d; a root 365d, an order 72h)\n"
		 "      --engine-min V, --engine-max V   of the sensor (this version)\n"
		 "      --list FILE         NAME.list: a line for each value of %NAME%; "
		 "repeatable\n"
		 "      --tuning FILE       lines of \"disarm RULE\"\n"
		 "      --previous BUNDLE   what it replaces; --notes TEXT, --approver NAME\n"
		 "      --needs KIND,...    kinds of event without which it is no use to a host\n"
		 "      --tape FILE         a machine's events, to try and measure it by\n"
		 "      --untried           do not rehearse it\n"
		 "\n"
		 "order:\n"
		 "      --state STATE       run, pause, revert\n"
		 "      --percent P         of hosts, by cohort\n"
		 "      --ring R            0 to 4: how far it has come\n"
		 "      --release TEXT      shuffles the cohorts (the bundle's hash)\n"
		 "      --spread TIME       hosts begin within this time\n"
		 "      --to BUNDLE         revert: where to (each host's last good)\n"
		 "      --stratum LABEL     only such hosts (repeatable)\n"
		 "      --disarm RULE       must not run until the order expires (repeatable)\n"
		 "      --leave DEED        no hook tells it until then: file, net.dns\n"
		 "      --safe              no hook at all until then; all three: 7 days at most\n"
		 "      --shadow TIME, --probation TIME   instead of the hosts' own\n"
		 "      --emergency         also on a weekend; --retry: also where it "
		 "was reverted\n",
	.run = bundle_run,
};
