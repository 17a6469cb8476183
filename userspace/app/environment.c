/* SPDX-License-Identifier: Apache-2.0 */
#include "app/environment.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

void environment_default(struct knobs_env *ret) {
	static const char *const names[] = {
		/* what a program loads before it begins, or runs */
		"LD_*", "GCONV_PATH", "BASH_ENV", "ENV", "PROMPT_COMMAND", "PYTHONSTARTUP",
		"PYTHONPATH", "PERL5OPT", "PERL5LIB", "RUBYOPT", "NODE_OPTIONS",
		"JAVA_TOOL_OPTIONS", "GIT_SSH_COMMAND",
		/* who is behind it, and whether it is to be remembered */
		"SSH_CONNECTION", "SSH_CLIENT", "SUDO_USER", "HISTFILE",
	};

	*ret = (struct knobs_env){ 0 };
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)environment_add(ret, names[i]);
}

/* is_name - what a shell would take for one; a variable can have any name, but none does */
static bool is_name(const char *name, size_t n) {
	for (size_t i = 0; i < n; i++)
		if (name[i] != '_' && !isalnum((unsigned char)name[i]))
			return false;
	return n && !isdigit((unsigned char)name[0]);
}

static uint32_t start_of(const struct knobs_env_name *name) {
	uint32_t start;

	memcpy(&start, name->want, sizeof(start));
	return knobs_env_start(start);
}

/* put - @name before those of its start, so that these stand together */
static void put(struct knobs_env *env, const struct knobs_env_name *name) {
	uint32_t at = 0;

	while (at < env->n && start_of(&env->names[at]) != start_of(name))
		at++;
	memmove(&env->names[at + 1], &env->names[at], (env->n - at) * sizeof(*name));
	env->names[at] = *name;
	env->n++;
	for (uint32_t i = env->n; i-- > 0;) {
		env->names[i].last =
			i + 1 == env->n || start_of(&env->names[i + 1]) != start_of(&env->names[i]);
		env->starts[start_of(&env->names[i])] = (uint8_t)(i + 1);
	}
}

static int add(struct knobs_env *env, const char *name, size_t n) {
	struct knobs_env_name row = { 0 };
	bool prefix = n && name[n - 1] == '*';

	n -= prefix;
	if (n < ENVIRONMENT_NAME_MIN || n > ENVIRONMENT_NAME_MAX || !is_name(name, n))
		return -EINVAL;
	memcpy(row.want, name, n);
	if (!prefix)
		((char *)row.want)[n] = '=';
	memset(row.mask, 0xff, n + !prefix);
	for (uint32_t i = 0; i < env->n; i++)
		if (!memcmp(env->names[i].want, row.want, sizeof(row.want)) &&
		    !memcmp(env->names[i].mask, row.mask, sizeof(row.mask)))
			return 0;
	if (env->n == KNOBS_ENV_NAMES)
		return -E2BIG;
	put(env, &row);
	return 0;
}

int environment_add(struct knobs_env *env, const char *name) {
	return add(env, name, strlen(name));
}

int environment_set(struct knobs_env *env, const char *list, const char **bad) {
	struct knobs_env new = { 0 };
	const char *at = list;

	if (!strcmp(list, "none")) {
		*env = new;
		return 0;
	}
	if (*at == '+') {
		new = *env;
		at++;
	}
	for (;;) {
		size_t n = strcspn(at, ",");
		int err = add(&new, at, n);

		if (err) {
			*bad = at;
			return err;
		}
		if (!at[n])
			break;
		at += n + 1;
	}
	*env = new;
	return 0;
}
