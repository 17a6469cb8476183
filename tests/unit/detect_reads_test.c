/* SPDX-License-Identifier: Apache-2.0 */
/* Which opens for reading rules ask for, and which of these can be watched. */
#include "detect_rule.h"

#include "app/watch.c" /* without the hooks that it speaks to */

static size_t told_rows, told_times;

int probe_watch(struct probe *p, const struct knobs_watch *list, size_t n) {
	(void)p;
	(void)list;
	told_rows = n;
	told_times++;
	return 0;
}

#define READ HEAD_OF("file_access") "detection:\n  s:\n    "
#define END "\n  condition: s\n"

static struct {
	char text[64];
	enum rule_read_how how;
} got[8];
static unsigned n_got;

static int note(void *ctx, const struct rule_read *read) {
	(void)ctx;
	if (n_got < 8) {
		(void)snprintf(got[n_got].text, sizeof(got[0].text), "%.*s", STR_FMT(read->text));
		got[n_got].how = read->how;
	}
	n_got++;
	return 0;
}

static unsigned reads(const char *text) {
	struct ruleset *rules = rule_load(text);

	n_got = 0;
	CHECK(ruleset_reads(rules, note, NULL) == 0);
	ruleset_free(rules);
	return n_got;
}

static bool is(unsigned i, const char *text, enum rule_read_how how) {
	return i < n_got && !strcmp(got[i].text, text) && got[i].how == how;
}

static void a_path_is_asked_for_as_the_rule_has_it(void) {
	CHECK(reads(READ "TargetFilename: /Opt/App/Key" END) == 1);
	CHECK(is(0, "/Opt/App/Key", RULE_READ_WHOLE));
	CHECK(reads(READ "TargetFilename|cased: /Opt/App/Key" END) == 1);
	CHECK(is(0, "/Opt/App/Key", RULE_READ_WHOLE));
	CHECK(reads(READ "TargetFilename|startswith: /Srv/Keys/" END) == 1);
	CHECK(is(0, "/Srv/Keys/", RULE_READ_HEAD));
	CHECK(reads(READ "TargetFilename|endswith: /id_rsa" END) == 1);
	CHECK(got[0].how == RULE_READ_PART);
	CHECK(reads(READ "TargetFilename|re: '/a.+b'" END) == 1 && got[0].how == RULE_READ_PART);
	CHECK(reads(READ "file.path:\n      - /a/b\n      - /c/d" END) == 2);
}

static void what_a_rule_denies_or_is_not_about_asks_for_nothing(void) {
	CHECK(reads(READ "TargetFilename: /a/b\n  f:\n    TargetFilename: /c/d\n"
			 "  condition: s and not f\n") == 1);
	CHECK(is(0, "/a/b", RULE_READ_WHOLE));
	CHECK(reads(READ "process.executable: /bin/cat" END) == 0);
	CHECK(reads(HEAD_OF("file_event") "detection:\n  s:\n    TargetFilename: /a/b" END) == 0);
	CHECK(reads("title: t\nlogsource: {product: linux}\ndetection:\n  s:\n"
		    "    TargetFilename: /a/b" END) == 0);
}

static void audits_paths_are_asked_for_where_the_rule_is_about_reads(void) {
	CHECK(reads("title: t\nid: ca94a6db-8106-4737-9ed2-3e3bb826af0a\n"
		    "logsource: {product: linux, service: auditd}\ndetection:\n  s:\n"
		    "    type: PATH\n    name: /etc/login.defs" END) == 1);
	CHECK(is(0, "/etc/login.defs", RULE_READ_WHOLE));
	CHECK(reads("title: t\nlogsource: {product: linux, service: auditd}\ndetection:\n  s:\n"
		    "    type: PATH\n    name: /etc/login.defs" END) == 0);
}

static bool watches(const struct watch *w, const char *path) {
	for (size_t i = 0; i < w->n_paths; i++)
		if (!strcmp(w->paths[i].path, path))
			return true;
	return false;
}

static void paths_of_rules_come_and_go_with_them(void) {
	struct ruleset *rules = rule_load(READ "TargetFilename|startswith:\n      - /srv/keys/\n"
					       "      - /srv/conf/key_" END);
	struct buf refused = { 0 };
	struct watch w = { 0 };

	CHECK(!watch_add(&w, "/own/one") && !watch_rules(&w, rules, &refused) && !refused.len);
	CHECK(w.n_paths == 4 && w.n_asked == 3 && w.fresh);
	CHECK(watches(&w, "/srv/conf/key_")); /* which may be a folder */
	CHECK(watches(&w, "/own/one") && watches(&w, "/srv/keys") && watches(&w, "/srv/conf"));
	ruleset_free(rules);
	rules = rule_load(READ "TargetFilename:\n      - /own/one\n      - /x/y" END);
	CHECK(!watch_rules(&w, rules, &refused) && w.n_paths == 2 && watches(&w, "/x/y"));
	ruleset_free(rules);
	CHECK(!watch_rules(&w, NULL, &refused) && w.n_paths == 1 && w.n_asked == 0);
	CHECK(!watch_refresh(&w, NULL, false) && told_times == 1 && !told_rows && !w.fresh);
	CHECK(!watch_refresh(&w, NULL, false) && told_times == 1);
	rules = rule_load(READ "TargetFilename: /proc/version" END);
	CHECK(!watch_rules(&w, rules, &refused) && !watch_refresh(&w, NULL, false));
	CHECK(told_times == 2 && told_rows == 1);
	ruleset_free(rules);
	CHECK(!refused.len);
	watch_done(&w);
	buf_done(&refused);
}

static void what_cannot_be_watched_is_refused_by_name(void) {
	char text[8192] = READ "TargetFilename:";
	size_t n = strlen(text);
	struct buf refused = { 0 };
	struct watch w = { 0 };
	struct ruleset *rules;

	for (int i = 0; i < WATCH_ASKED_PATHS + 2; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "\n      - /many/file%d", i);
	(void)snprintf(text + n, sizeof(text) - n,
		       "\n      - relative/one\n      - /many/%070d" END, 1);
	rules = rule_load(text);
	CHECK(!watch_rules(&w, rules, &refused) && w.n_asked == WATCH_ASKED_PATHS);
	CHECK(buf_reserve(&refused, 1));
	refused.data[refused.len] = '\0';
	n = 0;
	for (const char *at = refused.data; (at = strchr(at, '\n')); at++)
		n++;
	CHECK(n == 4 && strstr(refused.data, "'/many/file65'") && strstr(refused.data, "too many"));
	CHECK(strstr(refused.data, "'relative/one'") && strstr(refused.data, "the rule 't'"));
	ruleset_free(rules);
	watch_done(&w);
	buf_done(&refused);
}

int main(void) {
	RUN(a_path_is_asked_for_as_the_rule_has_it);
	RUN(what_a_rule_denies_or_is_not_about_asks_for_nothing);
	RUN(audits_paths_are_asked_for_where_the_rule_is_about_reads);
	RUN(paths_of_rules_come_and_go_with_them);
	RUN(what_cannot_be_watched_is_refused_by_name);
	DONE();
}
