/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lookback.h"

#include "app/export.h"
#include "cli/explain.h"

static const struct {
	unsigned takes;
	struct option option;
} known[] = {
	{ 0, { "help", no_argument, NULL, 'h' } },
	{ 0, { "spool", required_argument, NULL, 's' } },
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

	*ret = (struct lookback){ .takes = takes, .spool = EXPORT_FOLDER };
	for (size_t i = 0; i < KNOWN; i++)
		if (!(known[i].takes & ~takes))
			options[n++] = known[i].option;
	optind = 1;
	opterr = 0;
	while ((option = getopt_long(argc, argv, letters, options, NULL)) != -1) {
		if (option == 'h')
			return cli_help(c);
		if (option == 's')
			ret->spool = optarg;
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

int lookback_run(struct lookback *l, char *const *files, int (*tell)(struct lookback *l)) {
	int code = l->takes & LOOKBACK_RULES ? explain_rules(l->rules_path, &l->rules) : 0;

	if (code)
		return cli_fault(code);
	code = recall_read(&l->recall, files, l->spool) ? CLI_FAILURE : CLI_OK;
	if (!code || l->recall.n)
		code = tell(l) ?: code;
	recall_done(&l->recall);
	ruleset_free(l->rules);
	return code;
}
