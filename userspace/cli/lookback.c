/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lookback.h"

#include <unistd.h>

#include "app/rules.h"
#include "app/settings.h"
#include "base/log.h"
#include "cli/content.h"

static const struct {
	unsigned takes;
	struct option option;
} known[] = {
	{ 0, { "help", no_argument, NULL, 'h' } },
	{ 0, { "spool", required_argument, NULL, 's' } },
	{ 0, { "config", required_argument, NULL, 'c' } },
	{ LOOKBACK_JSON, { "json", no_argument, NULL, 'j' } },
	{ LOOKBACK_RULES, { "rules", required_argument, NULL, 'r' } },
	{ LOOKBACK_OUTPUT, { "output", required_argument, NULL, 'o' } },
};

#define KNOWN (sizeof(known) / sizeof(known[0]))

int lookback_options(const struct command *c, unsigned takes, int argc, char **argv,
		     struct lookback *ret) {
	struct option options[KNOWN + 1] = { 0 };
	const char *letters = takes & LOOKBACK_OUTPUT ? ":ho:" : ":h";
	size_t n = 0;
	int option;

	*ret = (struct lookback){ .takes = takes };
	for (size_t i = 0; i < KNOWN; i++)
		if (!(known[i].takes & ~takes))
			options[n++] = known[i].option;
	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, letters, options)) != -1) {
		if (option == 'h')
			return cli_help(c);
		if (option == 's')
			ret->spool = optarg;
		else if (option == 'c')
			ret->config = optarg;
		else if (option == 'j')
			ret->json = true;
		else if (option == 'r')
			ret->rules_path = optarg;
		else if (option == 'o')
			ret->output = optarg;
		else
			return cli_bad_option(c, argv, options, option);
	}
	ret->words = argv + optind;
	return -1;
}

/* read_settings - of the sensor here; whoever may not read them has the defaults */
static int read_settings(const struct lookback *l, struct settings *ret) {
	if (l->config)
		return settings_read(l->config, ret);
	if (access(SETTINGS_FILE, R_OK))
		return 0;
	if (settings_read(NULL, ret)) {
		log_warn("the configuration is not used, continuing");
		*ret = settings_defaults();
	}
	return 0;
}

/* live_rules - of the bundle that is live in @folder; false: there is none, or it cannot be read */
static bool live_rules(const char *folder, struct ruleset **ret) {
	struct buf path = { 0 }, errors = { 0 };
	struct store store;
	struct state state;
	bool found = false;

	buf_addf(&path, "%s/state", folder); /* opening would make the folder */
	buf_add_char(&path, '\0');
	if (!buf_error(&path) && !access(path.data, R_OK) && !store_open(folder, &store)) {
		found = !store_load(&store, &state) &&
			!content_slot_rules(&store, &state.live, &errors, ret) &&
			!ruleset_remember(*ret);
		store_close(&store);
	}
	buf_done(&path);
	buf_done(&errors);
	return found;
}

static int read_rules(struct lookback *l, const struct settings *s) {
	const char *shipped = rules_default();

	l->asked = "those given";
	if (l->rules_path)
		return rules_load(&l->rules_path, 1, NULL, &l->rules);
	l->asked = "the configuration";
	if (s->n_rules)
		return rules_load(s->rules, (size_t)s->n_rules, NULL, &l->rules);
	l->asked = "the live bundle";
	if (live_rules(s->content.folder, &l->rules))
		return 0;
	l->asked = "those shipped";
	return rules_load(&shipped, shipped != NULL, NULL, &l->rules);
}

int lookback_run(struct lookback *l, char *const *files, int (*tell)(struct lookback *l)) {
	struct settings s = settings_defaults();
	int code = read_settings(l, &s);

	if (!code && l->takes & LOOKBACK_RULES)
		code = read_rules(l, &s);
	if (code) {
		settings_free(&s);
		return cli_fault(code);
	}
	code = recall_read(&l->recall, files, l->spool ? l->spool : s.export.folder)
		       ? CLI_FAILURE : CLI_OK;
	if (!code || l->recall.n)
		code = tell(l) ?: code;
	recall_done(&l->recall);
	ruleset_free(l->rules);
	settings_free(&s);
	return code;
}
