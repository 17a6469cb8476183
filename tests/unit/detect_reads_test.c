/* SPDX-License-Identifier: Apache-2.0 */
/* Which opens for reading rules ask for, and which of these can be watched. */
#include "detect_rule.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostmounts.h"
#include "base/hostroot.h"

static bool is_cold; /* nothing is in the kernel's memory */
static size_t opened;

/* opened_at - as hostroot_open() does */
static int opened_at(const char *path, int flags, bool wait) {
	opened++;
	return is_cold && !wait ? -EAGAIN : hostroot_open(path, flags, wait);
}

static int stat_at(const char *path, bool wait, struct statx *ret) {
	opened++;
	return is_cold && !wait ? -EAGAIN : hostroot_stat(path, wait, ret);
}

static int open_near(const struct buf *mounts, const char *path, bool wait) {
	opened++;
	return is_cold && !wait ? -EAGAIN : hostmounts_open(mounts, path, wait);
}

static int stat_near(const struct buf *mounts, const char *path, bool wait, struct statx *ret) {
	opened++;
	return is_cold && !wait ? -EAGAIN : hostmounts_stat(mounts, path, wait, ret);
}
#define hostmounts_open open_near
#define hostmounts_stat stat_near
#define hostroot_open opened_at
#define hostroot_stat stat_at

#include "app/below.c"
#include "app/watch.c" /* without the hooks that it speaks to */
#undef hostmounts_open
#undef hostmounts_stat
#undef hostroot_open
#undef hostroot_stat

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

static void make_netrc(const char *home) {
	char path[160];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/.netrc", home);
	f = fopen(path, "we");
	CHECK(f && !fclose(f));
}

static void remove_all(const char *top) {
	char command[160];

	CHECK(snprintf(command, sizeof(command), "rm -r '%s'", top) < (int)sizeof(command));
	CHECK(!system(command));
}

/* add_and_find - anew, what is at @top */
static void add_and_find(struct below *b, const char *top, enum below_kind kind, bool wait) {
	below_begin(b);
	below_add(b, top, kind, wait);
	below_find(b, wait);
}

static void folders_below_a_watched_one_are_found_and_what_is_too_deep_is_counted(void) {
	char top[64] = "/tmp/lapwing-below-XXXXXX", at[8][128], many[128];
	static struct below b;
	struct stat st;

	CHECK(mkdtemp(top) != NULL);
	make_folder(at[0], top, "a");
	for (int i = 1; i < 5; i++)
		make_folder(at[i], at[i - 1], "b");
	add_and_find(&b, top, BELOW_TREE, true);
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
	add_and_find(&b, top, BELOW_TREE, true);
	CHECK(b.n_folders == BELOW_FOLDERS && b.left > 1);
	below_begin(&b);
	CHECK(!b.n_folders && !b.n_rows && !b.left);
	below_done(&b);
	remove_all(top);
}

static void secrets_in_a_home_are_found(void) {
	char home[64] = "/tmp/lapwing-home-XXXXXX", ssh[128], in[128];
	static struct below b;
	struct stat st;

	CHECK(mkdtemp(home) != NULL);
	make_folder(ssh, home, ".ssh");
	make_folder(in, ssh, "keys");
	make_folder(in, home, "Documents");
	make_netrc(home);
	add_and_find(&b, home, BELOW_HOME, true);
	CHECK(b.n_rows == 3 && !b.left && !stat(ssh, &st) && b.rows[0].dir_ino == st.st_ino);
	CHECK(!stat(home, &st) && b.rows[1].dir_ino == st.st_ino);
	CHECK(!strcmp(b.rows[1].name, ".netrc"));
	below_done(&b);
	remove_all(home);
}

static void what_is_in_no_memory_stays_watched(void) {
	char top[64] = "/tmp/lapwing-cold-XXXXXX", home[128], ssh[128], in[128];
	static struct below b;

	CHECK(mkdtemp(top) != NULL);
	make_folder(home, top, "mia");
	make_folder(ssh, home, ".ssh");
	make_folder(in, ssh, "keys");
	make_netrc(home);
	add_and_find(&b, top, BELOW_HOMES, true);
	CHECK(b.n_folders == 4 && b.n_rows == 3);
	is_cold = true;
	for (int i = 0; i < 2; i++)
		add_and_find(&b, top, BELOW_HOMES, false);
	CHECK(b.n_folders == 4 && b.n_rows == 3 && !b.left);
	is_cold = false;
	CHECK(below_changed(&b)); /* what stayed is looked at when it can be */
	below_begin(&b);
	below_add(&b, top, BELOW_HOMES, true);
	b.n_names = BELOW_NAMES; /* as if so many had been read */
	below_find(&b, true);
	CHECK(b.n_folders == 1 && b.left == 1);
	below_done(&b);
	remove_all(top);
}

static void what_another_answers_for_is_not_waited_for(void) {
	char top[64] = "/tmp/lapwing-far-XXXXXX", home[128], ssh[128], line[256];
	static struct below b;
	struct statx st;

	CHECK(mkdtemp(top) != NULL);
	make_folder(home, top, "mia");
	make_folder(ssh, home, ".ssh");
	CHECK(!hostroot_stat(home, true, &st) && st.stx_mnt_id);
	for (int far = 0; far < 2; far++) {
		below_begin(&b);
		(void)snprintf(line, sizeof(line), "%llu 20 0:40 / /u rw - nfs4 server:/u rw",
			       (unsigned long long)st.stx_mnt_id);
		if (far) {
			buf_reset(&b.mounts);
			hostmounts_add(&b.mounts, line);
		}
		opened = 0;
		below_add(&b, top, BELOW_HOMES, true);
		below_find(&b, true);
		CHECK(far ? !b.n_folders && b.left == 1 && opened == 1 :
			    b.n_folders == 3 && !b.left && opened > 1);
	}
	below_done(&b);
	remove_all(top);
}

static void ones_many_folders_hide_no_others_secrets(void) {
	char top[64] = "/tmp/lapwing-crowd-XXXXXX", home[2][128], ssh[2][128], many[128];
	static struct below b;
	struct stat st;
	bool found = false;

	CHECK(mkdtemp(top) != NULL);
	for (int i = 0; i < 2; i++) {
		make_folder(home[i], top, i ? "mia" : "bo");
		make_folder(ssh[i], home[i], ".ssh");
	}
	for (int of = 0; of < 2; of++) { /* whoever comes first */
		for (int i = 0; i < BELOW_FOLDERS; i++) {
			char name[16];

			(void)snprintf(name, sizeof(name), "m%d", i);
			make_folder(many, ssh[of], name);
		}
		opened = 0;
		add_and_find(&b, top, BELOW_HOMES, true);
		CHECK(b.n_folders == BELOW_FOLDERS && b.left);
		CHECK(opened < 3 * BELOW_FOLDERS && b.n_names <= BELOW_NAMES);
		CHECK(!stat(ssh[!of], &st));
		found = false;
		for (size_t i = 0; i < b.n_rows; i++)
			found |= b.rows[i].dir_ino == st.st_ino;
		CHECK(found);
	}
	below_done(&b);
	remove_all(top);
}

static void a_link_to_what_is_others_is_not_followed(void) {
	char home[64] = "/tmp/lapwing-link-XXXXXX", own[128], path[160];
	static struct below b;

	CHECK(mkdtemp(home) != NULL);
	make_folder(own, home, "dots");
	(void)snprintf(path, sizeof(path), "%s/.ssh", home);
	CHECK(!symlink("dots", path));
	(void)snprintf(path, sizeof(path), "%s/.aws", home);
	CHECK(!symlink("/usr", path));
	make_folder(path, home, ".kube"); /* as one makes who calls it with another's rights */
	CHECK(!chown(home, 4711, 4711) && !chown(own, 4711, 4711));
	add_and_find(&b, home, BELOW_HOME, true);
	CHECK(b.n_folders == 3 && b.n_rows == 2);
	below_done(&b);
	remove_all(home);
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
	RUN(what_is_in_no_memory_stays_watched);
	RUN(what_another_answers_for_is_not_waited_for);
	RUN(ones_many_folders_hide_no_others_secrets);
	if (!getuid())
		RUN(a_link_to_what_is_others_is_not_followed);
	RUN(homes_are_read_from_lines_of_passwd);
	DONE();
}
