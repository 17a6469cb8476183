/* SPDX-License-Identifier: Apache-2.0 */
/* Events as auditd would have written them. */
#include "detect_rule.h"

#include <sys/socket.h>
#include <sys/stat.h>

#define AUDIT "title: t\nlogsource: {product: linux, service: auditd}\ndetection:\n  s:\n    "
#define END "\n  condition: s\n"

static struct ruleset *load(const char *item) {
	char text[1024];

	(void)snprintf(text, sizeof(text), AUDIT "%s" END, item);
	return rule_load(text);
}

static uint32_t holds(const char *item, struct event *e) {
	struct ruleset *rules = load(item);
	uint32_t n = rule_hits(rules, e);

	ruleset_free(rules);
	return n;
}

static const struct str zip[] = { STR("zip"), STR("-r"), STR("a b") };

static struct event exec_of(const char *invoked, const char *executable) {
	struct event e = event_of(WIRE_PROCESS_EXEC);

	EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, str_of(executable));
	EVENT_SET(&e, EXEC_INVOKED, exec.invoked, str_of(invoked));
	EVENT_SET(&e, PROCESS_NAME, process.name, str_basename(str_of(invoked)));
	EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("zip -r a b"));
	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ zip, 3 }));
	EVENT_SET(&e, PROCESS_EUID, process.euid, 33);
	EVENT_SET(&e, PROCESS_LOGIN_UID, process.login_uid, UINT32_MAX);
	return e;
}

static struct event file_of(uint32_t kind, const char *path) {
	struct event e = event_of(kind);

	EVENT_SET(&e, FILE_PATH, file.path, str_of(path));
	EVENT_SET(&e, FILE_OLD_PATH, file.old_path, STR("/etc/old"));
	return e;
}

static void an_exec_is_a_call_and_its_arguments(void) {
	struct event e = exec_of("/usr/bin/zip", "/usr/bin/zip");

	CHECK(holds("type: EXECVE\n    a0: zip\n    a1: -r\n    a2: a b", &e) == 1);
	CHECK(holds("type: execve\n    argc: 3", &e) == 1);
	CHECK(holds("type: EXECVE\n    a3: null", &e) == 1);
	CHECK(holds("a1|startswith: -r", &e) == 1); /* no type: the texts, not the pointers */
	CHECK(holds("type: SYSCALL\n    a0|exists: true", &e) == 0);
	CHECK(holds("type: SYSCALL\n    SYSCALL: execve\n    comm: zip\n    exe: /usr/bin/zip\n"
		    "    euid: 33\n    auid: 4294967295\n    success: 'yes'\n    exit: 0",
		    &e) == 1);
	CHECK(holds("type: SYSCALL\n    SYSCALL: connect", &e) == 0);
	CHECK(holds("type: EXECVE\n    exe: /usr/bin/zip", &e) == 0); /* of another record */
	CHECK(holds("type: SYSCALL\n    cmdline|contains: -r a", &e) == 1);
	CHECK(holds("type: USER_TTY", &e) == 0);
}

static void keywords_are_searched_in_the_joined_arguments(void) {
	struct event e = exec_of("/usr/bin/zip", "/usr/bin/zip");

	CHECK(holds("'|contains': zip -r", &e) == 1);
	CHECK(holds("type: EXECVE\n    '|contains|all': [' -r', 'a b']", &e) == 1);
	CHECK(holds("'|contains': '4294967295'", &e) == 0);
}

static void a_rule_is_told_once_for_an_event(void) {
	struct event e = exec_of("/usr/bin/zip", "/usr/bin/zip");

	CHECK(holds("type: [SYSCALL, EXECVE]", &e) == 1);
	CHECK(holds("type|contains: E\n    nametype: null", &e) == 1);
}

/*
 * The views of an exec: process_creation, and audit's SYSCALL and EXECVE. What rules find in any of
 * them stands together in the one event, each rule once, so whoever has one has the others.
 */
static void detections_of_all_views_stand_together_in_their_event(void) {
	static const char text[] =
		"title: process\nlogsource: {product: linux, category: process_creation}\n"
		"detection: {s: {Image|endswith: /zip}, condition: s}\n---\n"
		"title: call\nlogsource: {product: linux, service: auditd}\n"
		"detection: {s: {type: SYSCALL, comm: zip}, condition: s}\n---\n"
		"title: arguments\nlogsource: {product: linux, service: auditd}\n"
		"detection: {s: {type: EXECVE, a0: zip}, condition: s}\n---\n"
		"title: both\nlogsource: {product: linux, service: auditd}\n"
		"detection: {a: {comm: zip}, b: {a0: zip}, condition: a or b}\n---\n"
		"title: any view\nlogsource: {product: linux}\n"
		"detection: {s: [zip], condition: s}\n---\n"
		"title: none\nlogsource: {product: linux, service: auditd}\n"
		"detection: {s: {type: EXECVE, comm: zip}, condition: s}\n";
	static const char *const titles[] = { "process", "call", "arguments", "both", "any view" };
	struct event e = exec_of("/usr/bin/zip", "/usr/bin/zip");
	struct ruleset *rules = rule_load(text);

	for (int round = 0; round < 2; round++) {
		CHECK(rule_hits(rules, &e) == 5);
		for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++) {
			uint32_t n = 0;

			for (uint32_t k = 0; k < e.n_detections; k++)
				n += str_eq(e.detections[k].title, str_of(titles[i]));
			CHECK(n == 1);
		}
	}
	ruleset_free(rules);
}

static void writes_and_changes_make_paths(void) {
	static const struct {
		uint32_t kind;
		const char *nametype;
	} rows[] = {
		{ WIRE_FILE_CREATE, "CREATE" }, { WIRE_FILE_OPEN, "NORMAL" },
		{ WIRE_FILE_RENAME, "CREATE" }, { WIRE_FILE_UNLINK, "DELETE" },
		{ WIRE_FILE_CHMOD, "NORMAL" },	{ WIRE_FILE_CHOWN, "NORMAL" },
		{ WIRE_FILE_LINK, "CREATE" },	{ WIRE_FILE_SYMLINK, "CREATE" },
		{ WIRE_FILE_TRUNCATE, "NORMAL" }, { WIRE_FILE_MKDIR, "CREATE" },
		{ WIRE_FILE_RMDIR, "DELETE" },	{ WIRE_FILE_SETXATTR, "NORMAL" },
		{ WIRE_FILE_REMOVEXATTR, "NORMAL" },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct event e = file_of(rows[i].kind, "/etc/new");
		char item[128];

		(void)snprintf(item, sizeof(item),
			       "type: PATH\n    name: /etc/new\n    nametype: %s",
			       rows[i].nametype);
		CHECK(holds(item, &e) == 1);
		CHECK(holds("name: /etc/old\n    nametype: DELETE", &e) ==
		      (rows[i].kind == WIRE_FILE_RENAME));
		CHECK(holds("type: SYSCALL", &e) == 0);
	}
}

static void an_exec_is_no_path_but_for_a_rule_that_is_about_it(void) {
	static const char hidden[] =
		"title: t\nid: 9E1BEF8D-0fff-46f6-8465-9aa54e128c1e\n"
		"logsource: {service: auditd}\n"
		"detection: {s: {type: PATH, name|contains: /.}, condition: s}\n";
	struct event e = exec_of("/tmp/.x", "/tmp/.x"), f = file_of(WIRE_FILE_OPEN, "/tmp/.x");
	struct ruleset *rules = rule_load(hidden);

	CHECK(holds("type: PATH\n    name: /tmp/.x", &e) == 0);
	CHECK(rule_hits(rules, &e) == 1 && rule_hits(rules, &f) == 0);
	ruleset_free(rules);
}

static void a_read_is_no_path_but_for_a_rule_that_is_about_it(void) {
	static const char policy[] = "title: t\nid: ca94a6db-8106-4737-9ed2-3e3bb826af0a\n"
				     "logsource: {service: auditd}\n"
				     "detection: {s: {type: PATH, name: /etc/login.defs}, "
				     "condition: s}\n";
	struct event read = file_of(WIRE_FILE_READ, "/etc/login.defs");
	struct event write = file_of(WIRE_FILE_OPEN, "/etc/login.defs");
	struct ruleset *rules = rule_load(policy);

	CHECK(rule_hits(rules, &read) == 1 && rule_hits(rules, &write) == 0);
	CHECK(holds("type: PATH\n    name: /etc/login.defs", &read) == 0);
	CHECK(holds("type: PATH\n    name: /etc/login.defs", &write) == 1);
	ruleset_free(rules);
}

static void rarer_calls_have_their_names(void) {
	struct event memfd = event_of(WIRE_INJECT_MEMFD), load = event_of(WIRE_KERNEL_MODULE_LOAD);

	CHECK(holds("type: SYSCALL\n    SYSCALL: memfd_create", &memfd) == 1);
	CHECK(holds("type: SYSCALL\n    SYSCALL: init_module", &load) == 1);
	CHECK(holds("type: SYSCALL\n    SYSCALL: init_module", &memfd) == 0);
}

static void a_call_by_another_number_has_the_name_that_rules_know(void) {
	struct event fifo = file_of(WIRE_FILE_MKNOD, "/tmp/f"), bound;

	EVENT_SET(&fifo, FILE_NEW_MODE, file.new_mode, S_IFIFO | 0644);
	CHECK(holds("type: SYSCALL\n    SYSCALL: mknod\n    success: yes", &fifo) == 1);
	CHECK(holds("SYSCALL: mknodat", &fifo) == 1);
	CHECK(holds("type: PATH\n    name: /tmp/f\n    nametype: CREATE", &fifo) == 1);
	bound = fifo;
	bound.file.new_mode = S_IFSOCK | 0755;
	CHECK(holds("SYSCALL: mknod", &bound) == 0);
	CHECK(holds("type: PATH\n    name: /tmp/f", &bound) == 1);
}

/* LSM hooks are asked before the deed; nothing tells of a device again, but of a connect. */
static void a_call_that_is_told_before_only_has_no_outcome(void) {
	struct event e = file_of(WIRE_FILE_MKNOD, "/tmp/f"), c = event_of(WIRE_NET_CONNECT);

	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_ATTEMPTED);
	EVENT_SET(&c, OUTCOME, outcome, OUTCOME_ATTEMPTED);
	CHECK(holds("SYSCALL: mknod", &e) == 1);
	CHECK(holds("SYSCALL: mknod\n    success|exists: true", &e) == 0);
	CHECK(holds("SYSCALL: mknod\n    exit|exists: true", &e) == 0);
	CHECK(holds("SYSCALL: connect", &c) == 0);
}

static void a_socket_has_its_family_in_hex(void) {
	struct event e = event_of(WIRE_NET_SOCKET);

	EVENT_SET(&e, NET_FAMILY, net.family, 38);
	EVENT_SET(&e, NET_SOCKET_TYPE, net.socket_type, SOCK_SEQPACKET);
	EVENT_SET(&e, NET_PROTOCOL, net.protocol, 0);
	CHECK(holds("type: SYSCALL\n    SYSCALL: socket\n    a0: 26", &e) == 1);
	CHECK(holds("SYSCALL: socket\n    a0: 38", &e) == 0);
	CHECK(holds("SYSCALL: socket\n    a2: 0", &e) == 1);
	CHECK(holds("SYSCALL: socket\n    a1|exists: true", &e) == 0);
}

static void var_run_is_run(void) {
	struct event e = file_of(WIRE_FILE_CREATE, "/run/sshd.pid");

	CHECK(holds("type: PATH\n    name|startswith: /var/run/", &e) == 1);
	CHECK(holds("type: PATH\n    name: /run/sshd.pid", &e) == 1);
}

static void a_connection_is_told_with_its_outcome(void) {
	struct event e = event_of(WIRE_NET_CONNECT);

	EVENT_SET(&e, NET_TRANSPORT, net.transport, 6);
	EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip, STR("192.0.2.1"));
	EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, STR("/usr/bin/nc"));
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_ATTEMPTED);
	CHECK(holds("type: SYSCALL\n    SYSCALL: connect", &e) == 0);
	e.outcome = OUTCOME_SUCCEEDED;
	CHECK(holds("type: SYSCALL\n    SYSCALL: connect\n    success: yes", &e) == 1);
	CHECK(holds("exe|endswith: /nc\n    key: network_connect_4", &e) == 1);
	e.net.destination_ip = STR("2001:db8::1");
	CHECK(holds("exe|endswith: /nc\n    key: network_connect_4", &e) == 0);
	e.net.destination_ip = STR("192.0.2.1");
	e.outcome = OUTCOME_FAILED;
	EVENT_SET(&e, ERROR, error, 111);
	CHECK(holds("key: network_connect_4", &e) == 0);
	CHECK(holds("success: no\n    exit: -111", &e) == 1);
}

/* LSM hooks run before the deed, and nothing tells of a file's deed again. */
static void a_path_does_not_wait_for_an_outcome(void) {
	static const uint32_t kinds[] = { WIRE_FILE_RENAME, WIRE_FILE_UNLINK, WIRE_FILE_CHMOD,
					  WIRE_FILE_CHOWN,  WIRE_FILE_LINK,   WIRE_FILE_SYMLINK };

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct event e = file_of(kinds[i], "/etc/audit/auditd.conf");

		EVENT_SET(&e, OUTCOME, outcome, OUTCOME_ATTEMPTED);
		CHECK(holds("type: PATH\n    name: /etc/audit/auditd.conf", &e) == 1);
	}
}

static void keys_that_rules_refer_to_are_given(void) {
	struct event resolved = exec_of("/opt/x", "/usr/bin/nc.openbsd");
	struct event invoked = exec_of("/bin/nc", "/opt/y");
	struct event other = exec_of("/opt/curl", "/opt/curl");
	struct event unit = file_of(WIRE_FILE_CHMOD, "/usr/lib/systemd/system/atftpd.socket");
	struct event plain = file_of(WIRE_FILE_CHMOD, "/usr/lib/systemd/system/ssh.socket");

	CHECK(holds("key: susp_activity", &resolved) == 1);
	CHECK(holds("key: susp_activity", &invoked) == 1);
	CHECK(holds("key: susp_activity", &other) == 0);
	CHECK(holds("key: susp_activity", &unit) == 1);
	CHECK(holds("key: susp_activity", &plain) == 0);
}

static void names_are_those_of_the_rules_own_log_source(void) {
	CHECK(rule_refused(
		AUDIT "CommandLine: x" END,
		"t.yml:5:5: unknown field 'CommandLine', expected one of docs/sigma.md"));
	CHECK(rule_refused(AUDIT "syscALL: x" END,
			   "t.yml:5:5: unknown field 'syscALL', expected perhaps 'SYSCALL'"));
	CHECK(rule_refused(HEAD "detection:\n  s:\n    a0: x\n  condition: s\n",
			   "t.yml:9:5: unknown field 'a0', expected one of docs/sigma.md"));
}

/* Without a category and a service every view is the rule's, if it speaks its words. */
static void a_rule_of_the_product_alone_may_speak_as_audit_does(void) {
	struct event e = exec_of("/usr/bin/zip", "/usr/bin/zip");
	struct ruleset *rules =
		rule_load("title: t\nlogsource: {product: linux}\ndetection:\n"
			  "  a: {type: EXECVE, a0: zip}\n  b: {CommandLine|contains: '-r'}\n"
			  "  c: [zip]\n  condition: a\n---\n"
			  "title: u\nlogsource: {product: linux}\ndetection:\n"
			  "  b: {CommandLine|contains: '-r'}\n  c: [zip]\n  condition: b and c\n");

	CHECK(rule_hits(rules, &e) == 2);
	ruleset_free(rules);
}

int main(void) {
	RUN(an_exec_is_a_call_and_its_arguments);
	RUN(keywords_are_searched_in_the_joined_arguments);
	RUN(a_rule_is_told_once_for_an_event);
	RUN(detections_of_all_views_stand_together_in_their_event);
	RUN(writes_and_changes_make_paths);
	RUN(an_exec_is_no_path_but_for_a_rule_that_is_about_it);
	RUN(a_read_is_no_path_but_for_a_rule_that_is_about_it);
	RUN(rarer_calls_have_their_names);
	RUN(a_call_by_another_number_has_the_name_that_rules_know);
	RUN(a_call_that_is_told_before_only_has_no_outcome);
	RUN(a_socket_has_its_family_in_hex);
	RUN(var_run_is_run);
	RUN(a_connection_is_told_with_its_outcome);
	RUN(a_path_does_not_wait_for_an_outcome);
	RUN(keys_that_rules_refer_to_are_given);
	RUN(names_are_those_of_the_rules_own_log_source);
	RUN(a_rule_of_the_product_alone_may_speak_as_audit_does);
	DONE();
}
