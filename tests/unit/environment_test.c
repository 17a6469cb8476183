/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables are asked for: names into what bpf/env.h compares with. */
#include "app/environment.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "test.h"

/* told - whether a variable is asked for, as bpf/env.h finds out */
static bool told(const struct knobs_env *env, const char *variable) {
	uint64_t text[KNOBS_ENV_BYTES / 8] = { 0 };
	uint32_t start;
	bool any = false;

	memcpy(text, variable, strnlen(variable, sizeof(text)));
	memcpy(&start, text, sizeof(start));
	for (uint32_t next = env->starts[knobs_env_start(start)]; next; next++) {
		const struct knobs_env_name *name = &env->names[next - 1];
		bool same = true;

		for (int w = 0; w < KNOBS_ENV_BYTES / 8; w++)
			same &= !((text[w] ^ name->want[w]) & name->mask[w]);
		any |= same;
		if (name->last)
			break;
	}
	return any;
}

static void names_are_whole_and_prefixes_are_not(void) {
	struct knobs_env env;

	environment_default(&env);
	CHECK(env.n > 10);
	CHECK(told(&env, "LD_PRELOAD=/tmp/x.so") && told(&env, "LD_") && told(&env, "LD_X"));
	CHECK(told(&env, "ENV=") && told(&env, "BASH_ENV=x") && told(&env, "SUDO_USER=mia"));
	CHECK(!told(&env, "ENVIRONMENT=x") && !told(&env, "ENV") && !told(&env, "LD"));
	CHECK(!told(&env, "SSH_AUTH_SOCK=/x") && !told(&env, "PATH=/bin") && !told(&env, ""));
	CHECK(!told(&env, "AWS_SECRET_ACCESS_KEY=x") && !told(&env, "XLD_PRELOAD=x"));
}

static void a_list_takes_the_place_of_the_usual_ones_or_stands_beside_them(void) {
	struct knobs_env env;
	const char *bad;

	environment_default(&env);
	CHECK(environment_set(&env, "FOO,BAR_*", &bad) == 0 && env.n == 2);
	CHECK(told(&env, "FOO=1") && told(&env, "BAR_1=1") && !told(&env, "LD_PRELOAD=x"));
	CHECK(environment_set(&env, "+FOO,BAZ", &bad) == 0 && env.n == 3);
	CHECK(told(&env, "BAR_2=") && told(&env, "BAZ="));
	CHECK(environment_set(&env, "none", &bad) == 0 && !env.n && !told(&env, "FOO=1"));
}

static void longest_name_is_told(void) {
	struct knobs_env env = { 0 };
	const char *bad, *name = "A234567890123456789012345678901";

	CHECK(strlen(name) == ENVIRONMENT_NAME_MAX && environment_set(&env, name, &bad) == 0);
	CHECK(told(&env, "A234567890123456789012345678901=x"));
	CHECK(!told(&env, "A2345678901234567890123456789012=x"));
	CHECK(!told(&env, "A23456789012345678901234567890"));
}

static void bad_lists_are_refused_and_change_nothing(void) {
	static const struct {
		const char *list, *bad;
	} rows[] = {
		{ "", "" },	     { "AB", "AB" },	      { "*", "*" },
		{ "FOO,", "" },	     { "FOO,,BAR", ",BAR" },  { "FO O", "FO O" },
		{ "FOO=", "FOO=" },  { "1FOO", "1FOO" },      { "FOO,F*O", "F*O" },
		{ "+", "" },	     { "FOO,none=", "none=" },
		{ "A2345678901234567890123456789012", "A2345678901234567890123456789012" },
	};
	struct knobs_env env, before;
	char many[1024] = "XX0";
	const char *bad;

	environment_default(&env);
	before = env;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		CHECK(environment_set(&env, rows[i].list, &bad) == -EINVAL);
		CHECK(!strcmp(bad, rows[i].bad) && !memcmp(&env, &before, sizeof(env)));
	}
	for (int i = 1; i <= KNOBS_ENV_NAMES; i++)
		(void)sprintf(many + strlen(many), ",XX%d", i);
	CHECK(environment_set(&env, many, &bad) == -E2BIG && !memcmp(&env, &before, sizeof(env)));
}

int main(void) {
	RUN(names_are_whole_and_prefixes_are_not);
	RUN(a_list_takes_the_place_of_the_usual_ones_or_stands_beside_them);
	RUN(longest_name_is_told);
	RUN(bad_lists_are_refused_and_change_nothing);
	DONE();
}
