/* SPDX-License-Identifier: Apache-2.0 */
/* Which opens for reading rules ask for, and which of these can be watched. */
#include "detect_rule.h"

#include <sys/stat.h>
#include <unistd.h>

#include "app/below.c"
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

/* asked - how many texts a rule gives, of those that @of looks for */
static unsigned asked(__typeof__(ruleset_reads) *of, const char *text) {
	struct ruleset *rules = rule_load(text);

	n_got = 0;
	CHECK(of(rules, note, NULL) == 0);
	ruleset_free(rules);
	return n_got;
}

static unsigned reads(const char *text) {
	return asked(ruleset_reads, text);
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
	CHECK(is(0, "/id_rsa", RULE_READ_TAIL));
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

static unsigned changes(const char *text) {
	return asked(ruleset_changes, text);
}

#define CHANGE HEAD_OF("file_event") "detection:\n  s:\n    "

static void changes_are_asked_for_by_rules_about_them(void) {
	CHECK(changes(CHANGE "TargetFilename|endswith: /.ssh/authorized_keys" END) == 1);
	CHECK(is(0, "/.ssh/authorized_keys", RULE_READ_TAIL));
	CHECK(changes(CHANGE "TargetFilename: /a/b\n  f:\n    TargetFilename: /c/d\n"
			     "  condition: s and not f\n") == 1);
	CHECK(changes(READ "TargetFilename: /a/b" END) == 0);
	CHECK(changes(HEAD_OF("file_delete") "detection:\n  s:\n"
					     "    TargetFilename: /a/b" END) == 1);
	CHECK(changes("title: t\nlogsource: {product: linux}\ndetection:\n  s:\n"
		      "    TargetFilename: /a/b" END) == 0);
}

static const struct knobs_watch *change(const struct watch *w, const char *path) {
	for (size_t i = 0; i < w->n_changes; i++)
		if (!strcmp(w->changes[i].path, path))
			return &w->changes[i].row;
	return NULL;
}

static void changes_are_known_by_their_folder_or_its_name(void) {
	struct ruleset *rules = rule_load(
		CHANGE "- TargetFilename|endswith:\n"
		       "        - /.ssh/authorized_keys\n        - /.bashrc\n"
		       "        - .php\n        - /longer.than.that/x\n"
		       "    - TargetFilename:\n        - /proc/version\n        - /nowhere/at/all\n"
		       "    - TargetFilename|startswith: /proc/self/" END);
	struct buf refused = { 0 };
	struct watch w = { 0 };
	const struct knobs_watch *row;
	struct stat proc, self;

	CHECK(!stat("/proc", &proc) && !stat("/proc/self/", &self));
	CHECK(!watch_rules(&w, rules, &refused) && w.n_changes == 6 && !w.n_paths);
	CHECK(!watch_refresh(&w, NULL, true) && told_rows == 6);
	row = change(&w, "/.ssh/authorized_keys");
	CHECK(row && !strcmp(row->name, "authorized_keys"));
	CHECK(row && !memcmp(&(uint64_t){ ~row->dir_ino }, ".ssh\0\0\0", 8));
	row = change(&w, "/.bashrc");
	CHECK(row && !strcmp(row->name, ".bashrc") && ~row->dir_ino == 0);
	row = change(&w, "/longer.than.that/x");
	CHECK(row && !memcmp(&(uint64_t){ ~row->dir_ino }, "longer.t", 8));
	row = change(&w, "/proc/version");
	CHECK(row && ~row->dir_ino == proc.st_ino && !strcmp(row->name, "version"));
	row = change(&w, "/nowhere/at/all");
	CHECK(row && !row->dir_ino);
	row = change(&w, "/proc/self");
	CHECK(row && ~row->dir_ino == self.st_ino && !row->name[0]);
	ruleset_free(rules);
	watch_done(&w);
	CHECK(!w.n_changes);
	buf_done(&refused);
	told_times = 0;
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

static void make_folder(char *to, const char *above, const char *name) {
	CHECK(snprintf(to, 128, "%s/%s", above, name) < 128);
	CHECK(!mkdir(to, 0700));
}

static void folders_below_a_watched_one_are_found_and_what_is_too_deep_is_counted(void) {
	char top[64] = "/tmp/lapwing-below-XXXXXX", at[8][128], many[128];
	static struct below b;
	struct stat st;

	CHECK(mkdtemp(top) != NULL);
	make_folder(at[0], top, "a");
	for (int i = 1; i < 5; i++)
		make_folder(at[i], at[i - 1], "b");
	below_add(&b, top, BELOW_TREE, true);
	CHECK(b.n_rows == BELOW_DEPTH && b.left == 1);
	CHECK(!stat(at[1], &st) && b.rows[1].dir_ino == st.st_ino && !b.rows[1].name[0]);
	CHECK(below_changed(&b)); /* so young that a change would not show */
	for (size_t i = 0; i < b.n_folders; i++) {
		CHECK(!stat(b.folders[i].path, &st));
		b.folders[i].changed_ns = st.st_mtim.tv_sec * SECOND_NS + st.st_mtim.tv_nsec;
	}
	CHECK(!below_changed(&b));
	(void)usleep(20000); /* the kernel's clock of files has ticks */
	make_folder(at[5], at[0], "c");
	CHECK(below_changed(&b));
	for (int i = 0; i < BELOW_FOLDERS; i++) {
		char name[16];

		(void)snprintf(name, sizeof(name), "m%d", i);
		make_folder(many, at[5], name);
	}
	below_begin(&b);
	below_add(&b, top, BELOW_TREE, true);
	CHECK(b.n_folders == BELOW_FOLDERS && b.left > 1);
	below_begin(&b);
	CHECK(!b.n_folders && !b.n_rows && !b.left);
	(void)snprintf(many, sizeof(many), "rm -r '%s'", top);
	CHECK(!system(many));
}

static void secrets_in_a_home_are_found(void) {
	char home[64] = "/tmp/lapwing-home-XXXXXX", ssh[128], in[128], path[160];
	static struct below b;
	struct stat st;
	FILE *f;

	CHECK(mkdtemp(home) != NULL);
	make_folder(ssh, home, ".ssh");
	make_folder(in, ssh, "keys");
	make_folder(in, home, "Documents");
	(void)snprintf(path, sizeof(path), "%s/.netrc", home);
	f = fopen(path, "we");
	CHECK(f && !fclose(f));
	below_add(&b, home, BELOW_HOME, true);
	CHECK(b.n_rows == 3 && !b.left && !stat(ssh, &st) && b.rows[0].dir_ino == st.st_ino);
	CHECK(!stat(home, &st) && b.rows[2].dir_ino == st.st_ino);
	CHECK(!strcmp(b.rows[2].name, ".netrc"));
	below_begin(&b);
	(void)snprintf(path, sizeof(path), "rm -r '%s'", home);
	CHECK(!system(path));
}

static void homes_are_read_from_lines_of_passwd(void) {
	char person[] = "mia:x:1000:1000::/srv/mia:/bin/sh\n";
	char service[] = "d:x:7:7::/var/d:/bin/sh";
	char usual[] = "bo:x:1001:1001::/home/bo:/bin/sh", broken[] = "bo:x:1001";

	CHECK(!strcmp(home_of(person), "/srv/mia"));
	CHECK(!home_of(service) && !home_of(usual) && !home_of(broken));
}

int main(void) {
	RUN(a_path_is_asked_for_as_the_rule_has_it);
	RUN(what_a_rule_denies_or_is_not_about_asks_for_nothing);
	RUN(audits_paths_are_asked_for_where_the_rule_is_about_reads);
	RUN(changes_are_asked_for_by_rules_about_them);
	RUN(changes_are_known_by_their_folder_or_its_name);
	RUN(paths_of_rules_come_and_go_with_them);
	RUN(what_cannot_be_watched_is_refused_by_name);
	RUN(folders_below_a_watched_one_are_found_and_what_is_too_deep_is_counted);
	RUN(secrets_in_a_home_are_found);
	RUN(homes_are_read_from_lines_of_passwd);
	DONE();
}
