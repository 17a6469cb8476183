/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "detect_rule.h"

#define RULE(category, item) HEAD_OF(category) "detection:\n  s:\n    " item "\n  condition: s\n"

/* Every allocation of the program passes here, except under ASan, which has its own. */
static unsigned long n_allocations;

#ifndef __SANITIZE_ADDRESS__
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

void *malloc(size_t n) {
	n_allocations++;
	return __libc_malloc(n);
}

void *calloc(size_t n, size_t size) {
	n_allocations++;
	return __libc_calloc(n, size);
}

void *realloc(void *p, size_t n) {
	n_allocations++;
	return __libc_realloc(p, n);
}
#endif

static uint32_t holds_for(const char *category, uint32_t kind) {
	char text[512];
	struct event e = event_of(kind);
	struct ruleset *rules;
	uint32_t n;

	(void)snprintf(text, sizeof(text),
		       "title: t\nid: " ID_A "\nlogsource: {%s}\n"
		       "detection: {s: {CommandLine: null}, condition: s}\n",
		       category);
	rules = rule_load(text);
	n = rule_hits(rules, &e);
	ruleset_free(rules);
	return n;
}

static void each_category_offers_its_kinds_and_no_others(void) {
	static const struct {
		const char *source;
		uint32_t kinds[64];
	} rows[] = {
		{ "category: process_creation", { WIRE_PROCESS_EXEC } },
		{ "category: process_exit", { WIRE_PROCESS_EXIT } },
		{ "category: process_access",
		  { WIRE_INJECT_PTRACE, WIRE_INJECT_VM_WRITE, WIRE_INJECT_VM_READ,
		    WIRE_INJECT_MEM_OPEN, WIRE_INJECT_GETFD } },
		{ "category: process_memory",
		  { WIRE_INJECT_EXECUTABLE, WIRE_INJECT_MEMFD, WIRE_INJECT_USERFAULTFD } },
		{ "category: driver_load", { WIRE_KERNEL_MODULE_LOAD } },
		{ "category: kernel_change",
		  { WIRE_KERNEL_MODULE_LOAD, WIRE_KERNEL_MODULE_UNLOAD, WIRE_KERNEL_BPF_LOAD,
		    WIRE_KERNEL_BPF_ATTACH, WIRE_KERNEL_KEXEC, WIRE_KERNEL_NAMESPACE,
		    WIRE_KERNEL_CGROUP, WIRE_KERNEL_KEY, WIRE_KERNEL_LOCKDOWN,
		    WIRE_KERNEL_IO_URING, WIRE_KERNEL_IO_REQUEST } },
		{ "category: process_signal", { WIRE_PROCESS_SIGNAL } },
		{ "category: process_credentials", { WIRE_PROCESS_CREDENTIALS } },
		{ "category: process_session", { WIRE_PROCESS_SESSION } },
		{ "category: process_crash", { WIRE_PROCESS_COREDUMP } },
		{ "category: network_close", { WIRE_NET_CLOSE } },
		{ "category: file_event",
		  { WIRE_FILE_CREATE, WIRE_FILE_OPEN, WIRE_FILE_RENAME, WIRE_FILE_LINK,
		    WIRE_FILE_SYMLINK } },
		{ "category: file_access", { WIRE_FILE_READ } },
		{ "category: image_load", { WIRE_FILE_MAP } },
		{ "category: file_close", { WIRE_FILE_CLOSE } },
		{ "category: file_rename", { WIRE_FILE_RENAME } },
		{ "category: file_delete", { WIRE_FILE_UNLINK } },
		{ "category: file_change", { WIRE_FILE_CHMOD, WIRE_FILE_CHOWN } },
		{ "category: process_script", { WIRE_PROCESS_SCRIPT } },
		{ "category: file_truncate", { WIRE_FILE_TRUNCATE } },
		{ "category: file_tree", { WIRE_FILE_MKDIR, WIRE_FILE_RMDIR, WIRE_FILE_MKNOD } },
		{ "category: file_attribute", { WIRE_FILE_SETXATTR, WIRE_FILE_REMOVEXATTR } },
		{ "category: mount",
		  { WIRE_FILE_MOUNT, WIRE_FILE_UMOUNT, WIRE_FILE_MOVE_MOUNT,
		    WIRE_FILE_PIVOT_ROOT } },
		{ "category: network_socket", { WIRE_NET_SOCKET, WIRE_NET_UNIX } },
		{ "category: dns", { WIRE_NET_DNS } },
		{ "category: dns_query", { WIRE_NET_DNS } },
		{ "category: network_connection",
		  { WIRE_NET_CONNECT, WIRE_NET_ACCEPT, WIRE_NET_SEND } },
		{ "category: network_listen", { WIRE_NET_BIND, WIRE_NET_LISTEN } },
		{ "product: linux",
		  { WIRE_PROCESS_EXEC, WIRE_PROCESS_EXIT, WIRE_FILE_CREATE, WIRE_FILE_OPEN,
		    WIRE_FILE_RENAME, WIRE_FILE_UNLINK, WIRE_FILE_CHMOD, WIRE_FILE_CHOWN,
		    WIRE_FILE_LINK, WIRE_FILE_SYMLINK, WIRE_NET_CONNECT, WIRE_NET_ACCEPT,
		    WIRE_NET_BIND, WIRE_NET_LISTEN, WIRE_NET_SEND, WIRE_FILE_READ, WIRE_FILE_MAP,
		    WIRE_FILE_CLOSE, WIRE_HOST_LOG,
		    WIRE_PROCESS_SIGNAL, WIRE_PROCESS_CREDENTIALS, WIRE_PROCESS_SESSION,
		    WIRE_PROCESS_COREDUMP, WIRE_NET_CLOSE, WIRE_INJECT_PTRACE,
		    WIRE_INJECT_VM_WRITE, WIRE_INJECT_VM_READ, WIRE_INJECT_MEM_OPEN,
		    WIRE_INJECT_GETFD, WIRE_INJECT_EXECUTABLE, WIRE_INJECT_MEMFD,
		    WIRE_INJECT_USERFAULTFD, WIRE_KERNEL_MODULE_LOAD, WIRE_KERNEL_MODULE_UNLOAD,
		    WIRE_KERNEL_BPF_LOAD, WIRE_KERNEL_BPF_ATTACH, WIRE_KERNEL_KEXEC,
		    WIRE_KERNEL_NAMESPACE, WIRE_KERNEL_CGROUP, WIRE_KERNEL_KEY,
		    WIRE_KERNEL_LOCKDOWN, WIRE_KERNEL_IO_URING, WIRE_KERNEL_IO_REQUEST,
		    WIRE_PROCESS_SCRIPT, WIRE_FILE_TRUNCATE, WIRE_FILE_MKDIR, WIRE_FILE_RMDIR,
		    WIRE_FILE_MKNOD, WIRE_FILE_SETXATTR, WIRE_FILE_REMOVEXATTR, WIRE_FILE_MOUNT,
		    WIRE_FILE_UMOUNT, WIRE_FILE_MOVE_MOUNT, WIRE_FILE_PIVOT_ROOT, WIRE_NET_SOCKET,
		    WIRE_NET_UNIX, WIRE_NET_DNS } },
		{ "product: windows, category: process_creation", { 0 } },
		{ "product: linux, category: process_creation, service: x", { 0 } },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
			uint32_t wanted = 0;

			for (int k = 0; k < 64; k++)
				wanted |= rows[i].kinds[k] && rows[i].kinds[k] == kind;
			CHECK(holds_for(rows[i].source, kind) == wanted);
		}
	}
}

static void a_rule_of_a_log_keeps_to_its_lines(void) {
	struct ruleset *rules = rule_load("title: t\nlogsource: {product: linux, service: sshd}\n"
					  "detection: {k: [Bad password], condition: k}\n");
	struct event e = event_of(WIRE_HOST_LOG);
	struct str services[] = { STR("auth"), STR("sshd") };

	EVENT_SET(&e, LOG_TEXT, log.text, STR("host sshd[7]: bad password"));
	CHECK(rule_hits(rules, &e) == 0);
	EVENT_SET(&e, LOG_SERVICES, log.services, ((struct strv){ services, 2 }));
	CHECK(rule_hits(rules, &e) == 1);
	e.log.services.n = 1;
	CHECK(rule_hits(rules, &e) == 0);
	e.log.services.n = 2;
	e.log.text = STR("host sshd[7]: good password");
	CHECK(rule_hits(rules, &e) == 0);
	ruleset_free(rules);
}

/* That a connection is not told to rules twice is for who calls detect_event(): event.retold. */
static void a_connection_fires_whatever_became_of_it(void) {
	struct ruleset *rules = rule_load(RULE("network_connection", "Initiated: 'true'\n"
								     "    Protocol: tcp"));
	struct event e = event_of(WIRE_NET_CONNECT);

	EVENT_SET(&e, NET_INITIATED, net.initiated, true);
	EVENT_SET(&e, NET_TRANSPORT, net.transport, 6);
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_ATTEMPTED);
	CHECK(rule_hits(rules, &e) == 1);
	e.outcome = OUTCOME_SUCCEEDED;
	CHECK(rule_hits(rules, &e) == 1);
	e.outcome = OUTCOME_FAILED;
	CHECK(rule_hits(rules, &e) == 1);
	ruleset_free(rules);
	rules = rule_load(RULE("network_connection", "Initiated: 'true'\n    Protocol: udp"));
	e.net.transport = 17;
	CHECK(rule_hits(rules, &e) == 1);
	e.kind = WIRE_NET_SEND;
	CHECK(rule_hits(rules, &e) == 1);
	ruleset_free(rules);
}

static void an_accepted_connection_is_one_that_was_not_initiated_here(void) {
	struct ruleset *rules = rule_load(RULE("network_connection", "Initiated: false"));
	struct event e = event_of(WIRE_NET_ACCEPT);

	EVENT_SET(&e, NET_INITIATED, net.initiated, false);
	CHECK(rule_hits(rules, &e) == 1);
	e.net.initiated = true;
	CHECK(rule_hits(rules, &e) == 0);
	ruleset_free(rules);
}

/* The image in a rule; executable, invoked, cwd, name in the event. */
static void an_image_is_the_executable_or_the_name_it_was_invoked_by(void) {
	static const struct {
		const char *image, *executable, *invoked, *cwd, *name;
		uint32_t holds;
	} rows[] = {
		{ "/usr/bin/dash", "/usr/bin/dash", "/bin/sh", "/", "sh", 1 },
		{ "/bin/sh", "/usr/bin/dash", "/bin/sh", "/", "sh", 1 },
		{ "/usr/bin/sh", "/usr/bin/dash", "/bin/sh", "/", "sh", 0 },
		{ "/srv/a/run", "/usr/bin/dash", "./run", "/srv/a", "run", 1 },
		{ "/srv/run", "/usr/bin/dash", "../x/.././run", "/srv/a", "run", 1 },
		{ "/run", "/usr/bin/dash", "../../../run", "/srv", "run", 1 },
		{ "./run", "/usr/bin/dash", "./run", NULL, "run", 1 },
		{ "/usr/bin/sh", "/usr/bin/dash", NULL, NULL, "sh", 1 },
		{ "/usr/bin/das", "/usr/bin/dash", NULL, NULL, "das", 0 },
		{ "/usr/bin/dash", "/usr/bin/dash", NULL, NULL, NULL, 1 },
		{ "sh", NULL, NULL, NULL, "sh", 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[512];
		struct event e = event_of(WIRE_PROCESS_EXEC);
		struct ruleset *rules;

		(void)snprintf(text, sizeof(text), RULE("process_creation", "Image: %s"),
			       rows[i].image);
		rules = rule_load(text);
		EVENT_SET_STR(&e, PROCESS_EXECUTABLE, process.executable,
			      str_of(rows[i].executable));
		EVENT_SET_STR(&e, EXEC_INVOKED, exec.invoked, str_of(rows[i].invoked));
		EVENT_SET_STR(&e, PROCESS_CWD, process.cwd, str_of(rows[i].cwd));
		EVENT_SET_STR(&e, PROCESS_NAME, process.name, str_of(rows[i].name));
		if (rule_hits(rules, &e) != rows[i].holds) {
			printf("# row %zu\n", i);
			CHECK(0);
		}
		ruleset_free(rules);
	}
}

static void our_own_field_names_are_known_to_rules(void) {
	static const char *const items[] = {
		"process.euid: 0",
		"exec.links|lt: 1",
		"kind|startswith: process_",
		"kind: [FILE_CREATE, PROCESS_EXEC]",
		"outcome: succeeded",
		"degraded: ARGS_CUT",
		"exec.args|contains|all: [a, -c]",
		"process.cap_effective: 18446744073709551615",
		"parent.pid|exists: false",
		"exec.args: '-c'",
		"LogonId: 33",
	};

	for (size_t i = 0; i < sizeof(items) / sizeof(items[0]); i++) {
		struct str args[] = { STR("bash"), STR("-c") };
		struct event e = event_of(WIRE_PROCESS_EXEC);
		struct ruleset *rules;
		char text[512];

		(void)snprintf(text, sizeof(text), RULE("process_creation", "%s"), items[i]);
		rules = rule_load(text);
		EVENT_SET(&e, PROCESS_EUID, process.euid, 0);
		EVENT_SET(&e, PROCESS_UID, process.uid, 33);
		EVENT_SET(&e, EXEC_LINKS, exec.links, 0);
		EVENT_SET(&e, OUTCOME, outcome, OUTCOME_SUCCEEDED);
		EVENT_SET(&e, DEGRADED, degraded, 1ull << DEGRADED_ARGS_CUT);
		EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ args, 2 }));
		EVENT_SET(&e, PROCESS_CAP_EFFECTIVE, process.cap_effective, ~0ull);
		if (rule_hits(rules, &e) != 1) {
			printf("# %s\n", items[i]);
			CHECK(0);
		}
		ruleset_free(rules);
	}
}

static void a_detection_says_which_rule_held_and_by_what(void) {
	struct ruleset *rules = rule_load(
		"title: Two Words\nid: " ID_A "\nlevel: critical\nauthor: Somebody\n"
		"tags: [attack.execution, attack.t1059]\nlogsource: {product: linux}\n"
		"detection:\n  one: {User: alice}\n  two: {User: a*}\n  not_me: {User: bob}\n"
		"  unused: {User: alice}\n  condition: (one or two) and not not_me\n");
	struct event e = event_of(WIRE_FILE_CREATE);
	const struct detection *d;
	uint64_t hits = 7;

	if (!rules)
		return;
	EVENT_SET(&e, PROCESS_USER, process.user, STR("alice"));
	CHECK(rule_hits(rules, &e) == 1);
	d = e.detections;
	CHECK(str_eq(d->rule_id, STR(ID_A)) && str_eq(d->title, STR("Two Words")));
	CHECK(str_eq(d->author, STR("Somebody")) && d->level == LEVEL_CRITICAL);
	CHECK(d->tags.n == 2 && str_eq(d->tags.v[1], STR("attack.t1059")));
	CHECK(d->matched.n == 2 && str_eq(d->matched.v[0], STR("one")) &&
	      str_eq(d->matched.v[1], STR("two")));
	CHECK(str_eq(ruleset_rule(rules, 0, &hits)->title, STR("Two Words")) && hits == 1);
	e.process.user = STR("bob");
	CHECK(rule_hits(rules, &e) == 0);
	(void)ruleset_rule(rules, 0, &hits);
	CHECK(hits == 1);
	ruleset_free(rules);
}

static void all_rules_that_hold_are_told(void) {
	char text[65536];
	size_t n = 0;
	struct ruleset *rules;
	struct event e = event_of(WIRE_PROCESS_EXEC);

	for (int i = 0; i < 200; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "---\ntitle: t%d\nid: 11111111-2222-4333-8444-%012d\n"
				      "logsource: {category: process_creation}\n"
				      "detection: {s: {process.pid|gte: %d}, condition: s}\n",
				      i, i, i);
	rules = rule_load(text);
	EVENT_SET(&e, PROCESS_PID, process.pid, 99);
	CHECK(rule_hits(rules, &e) == 100);
	CHECK(e.n_detections == 100 && str_eq(e.detections[99].title, STR("t99")));
	ruleset_free(rules);
}

static void host_events_and_unknown_kinds_are_left_alone(void) {
	struct ruleset *rules = rule_load(RULE("process_creation", "User: null"));
	struct event e = event_of(WIRE_HOST_START);

	CHECK(rule_hits(rules, &e) == 0);
	e.kind = 4000000000u;
	CHECK(rule_hits(rules, &e) == 0);
	ruleset_free(rules);
}

static void full_event(struct event *e, uint32_t kind) {
	static const struct str args[] = { STR("sh"), STR("-c"), STR("id") };

	*e = event_of(kind);
	EVENT_SET(e, PROCESS_NAME, process.name, STR("sh"));
	EVENT_SET(e, PROCESS_USER, process.user, STR("root"));
	EVENT_SET(e, PROCESS_EXECUTABLE, process.executable, STR("/usr/bin/dash"));
	EVENT_SET(e, PROCESS_COMMAND_LINE, process.command_line, STR("sh -c id; (nc -h)"));
	EVENT_SET(e, PROCESS_CWD, process.cwd, STR("/tmp"));
	EVENT_SET(e, PARENT_NAME, parent.name, STR("worker"));
	EVENT_SET(e, PARENT_EXECUTABLE, parent.executable, STR("/usr/sbin/nginx"));
	EVENT_SET(e, EXEC_INVOKED, exec.invoked, STR("./sh"));
	EVENT_SET(e, EXEC_ARGS, exec.args, ((struct strv){ args, 3 }));
	EVENT_SET(e, EXEC_LINKS, exec.links, 1);
	EVENT_SET(e, FILE_PATH, file.path, STR("/etc/ld.so.preload"));
	EVENT_SET(e, FILE_NEW_MODE, file.new_mode, 04755);
	EVENT_SET(e, NET_DESTINATION_IP, net.destination_ip, STR("203.0.113.9"));
	EVENT_SET(e, NET_INITIATED, net.initiated, true);
}

static void matching_allocates_nothing(void) {
	const char *const shipped[] = { "rules" };
	struct buf errors = { 0 };
	struct ruleset *rules = NULL;
	unsigned long before;
	uint32_t hits = 0;
	struct event e;

#ifdef __SANITIZE_ADDRESS__
	SKIP("ASan has an allocator of its own");
#endif
	CHECK(ruleset_load(shipped, 1, &rule_strict, &errors, &rules) == 0);
	if (!rules)
		return;
	arena_reset(&rule_arena);
	(void)arena_alloc(&rule_arena, 8); /* the corridor's arena has its block already */
	before = n_allocations;
	CHECK(before > 0);
	for (int round = 0; round < 3; round++) {
		for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
			full_event(&e, kind);
			hits += rule_hits(rules, &e);
		}
	}
	CHECK(n_allocations == before);
	CHECK(hits > 0);
	ruleset_free(rules);
	buf_done(&errors);
}

int main(void) {
	RUN(each_category_offers_its_kinds_and_no_others);
	RUN(a_rule_of_a_log_keeps_to_its_lines);
	RUN(a_connection_fires_whatever_became_of_it);
	RUN(an_accepted_connection_is_one_that_was_not_initiated_here);
	RUN(an_image_is_the_executable_or_the_name_it_was_invoked_by);
	RUN(our_own_field_names_are_known_to_rules);
	RUN(a_detection_says_which_rule_held_and_by_what);
	RUN(all_rules_that_hold_are_told);
	RUN(host_events_and_unknown_kinds_are_left_alone);
	RUN(matching_allocates_nothing);
	DONE();
}
