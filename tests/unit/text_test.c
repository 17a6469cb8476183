/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <time.h>

#include "base/utf8.h"
#include "encode/encode.h"
#include "encode_random.h"
#include "test.h"

/* 2023-11-14 22:13:20.123 UTC */
#define SOME_TIME 1700000000123456789ull

static struct event some_event(uint32_t kind) {
	struct event e;

	memset(&e, 0xa5, sizeof(e));
	event_reset(&e);
	EVENT_SET(&e, TIME_NS, time_ns, SOME_TIME);
	EVENT_SET(&e, KIND, kind, kind);
	if (kind >= WIRE_HOST_START && kind <= WIRE_HOST_STOP)
		return e;
	EVENT_SET(&e, PROCESS_NAME, process.name, STR("bash"));
	EVENT_SET(&e, PROCESS_PID, process.pid, 1234);
	EVENT_SET(&e, PROCESS_USER, process.user, STR("root"));
	EVENT_SET(&e, PARENT_NAME, parent.name, STR("sshd"));
	EVENT_SET(&e, PARENT_PID, parent.pid, 1200);
	return e;
}

static bool shows(const struct event *e, const char *want) {
	struct buf b = { 0 };
	bool same;

	encode_text(&b, e, false);
	same = b.len == strlen(want) && !memcmp(b.data, want, b.len);
	if (!same)
		printf("# got %.*s", (int)b.len, b.data);
	buf_done(&b);
	return same;
}

static void exec_shows_arguments_quoted_where_needed(void) {
	struct str args[] = { STR("bash"), STR("-c"), STR("echo $HOME"), STR("it's $1"), STR(""),
			      STR("a=b"), STR("caf\xc3\xa9") };
	struct event e = some_event(WIRE_PROCESS_EXEC);

	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ args, 7 }));
	EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, STR("/usr/bin/bash"));
	event_degrade(&e, DEGRADED_ARGS_CUT);
	event_degrade(&e, DEGRADED_PATH_RACY);
	CHECK(shows(&e, "22:13:20.123  exec     bash[1234] root <- sshd[1200]  bash -c "
			"'echo $HOME' \"it's \\$1\" '' a=b caf\xc3\xa9  (/usr/bin/bash)  "
			"[args-cut path-racy]\n"));
	args[0] = e.process.executable;
	e.exec.args.n = 1;
	e.degraded = 0;
	CHECK(shows(&e, "22:13:20.123  exec     bash[1234] root <- sshd[1200]  /usr/bin/bash\n"));
	event_unmark(&e, FIELD_EXEC_ARGS);
	CHECK(shows(&e, "22:13:20.123  exec     bash[1234] root <- sshd[1200]  (/usr/bin/bash)\n"));
}

static void a_container_is_shown_by_the_best_name_that_it_has(void) {
	struct event e = some_event(WIRE_PROCESS_FORK);
	struct str label = STR("app=web");

	EVENT_SET(&e, CONTAINER_ID, container.id, STR("0123456789abcdef0123456789abcdef"));
	CHECK(shows(&e, "22:13:20.123  fork     bash[1234] root @0123456789ab <- sshd[1200]\n"));
	EVENT_SET(&e, CONTAINER_NAME, container.name, STR("we b"));
	CHECK(shows(&e, "22:13:20.123  fork     bash[1234] root @'we b' <- sshd[1200]\n"));
	EVENT_SET(&e, CONTAINER_NAME, container.name, STR("web"));
	EVENT_SET(&e, CONTAINER_POD_NAME, container.pod_name, STR("web-0"));
	EVENT_SET(&e, CONTAINER_POD_NAMESPACE, container.pod_namespace, STR("shop"));
	CHECK(shows(&e, "22:13:20.123  fork     bash[1234] root @shop/web-0/web <- sshd[1200]\n"));
	e = some_event(WIRE_HOST_START);
	EVENT_SET(&e, KIND, kind, WIRE_HOST_CONTAINER);
	EVENT_SET(&e, CONTAINER_ID, container.id, STR("0123456789abcdef"));
	EVENT_SET(&e, CONTAINER_NAME, container.name, STR("web"));
	EVENT_SET(&e, CONTAINER_RUNTIME, container.runtime, STR("docker"));
	EVENT_SET(&e, CONTAINER_IMAGE, container.image, STR("registry/web:1"));
	EVENT_SET(&e, CONTAINER_LABELS, container.labels, ((struct strv){ &label, 1 }));
	CHECK(shows(&e, "22:13:20.123  container @web is 0123456789abcdef of docker, image "
			"registry/web:1 app=web\n"));
}

static void who_is_shown_as_far_as_it_is_known(void) {
	struct event e = some_event(WIRE_PROCESS_FORK);

	CHECK(shows(&e, "22:13:20.123  fork     bash[1234] root <- sshd[1200]\n"));
	EVENT_SET(&e, PROCESS_UID, process.uid, 1000);
	EVENT_SET(&e, PROCESS_EUID, process.euid, 0);
	CHECK(shows(&e, "22:13:20.123  fork     bash[1234] root euid=0 <- sshd[1200]\n"));
	event_unmark(&e, FIELD_PROCESS_USER);
	event_unmark(&e, FIELD_PROCESS_NAME);
	event_unmark(&e, FIELD_PARENT_NAME);
	CHECK(shows(&e, "22:13:20.123  fork     ?[1234] uid=1000 euid=0 <- ?[1200]\n"));
	event_reset(&e);
	CHECK(shows(&e, "--:--:--.---  ?        ?\n"));
}

static void exit_shows_status_or_signal_and_run_time(void) {
	struct event e = some_event(WIRE_PROCESS_EXIT);

	EVENT_SET(&e, EXIT_CODE, exit.code, 3);
	EVENT_SET(&e, EXIT_RUN_NS, exit.run_ns, 1234000000);
	CHECK(shows(&e, "22:13:20.123  exit     bash[1234] root <- sshd[1200]  status 3 after "
			"1.23 s\n"));
	EVENT_SET(&e, EXIT_SIGNAL, exit.signal, 11);
	EVENT_SET(&e, EXIT_CORE_DUMPED, exit.core_dumped, true);
	e.exit.run_ns = 7500ull * 1000000000;
	CHECK(shows(&e, "22:13:20.123  exit     bash[1234] root <- sshd[1200]  killed by SIGSEGV, "
			"core dumped after 2 h 05 min\n"));
	e.exit.signal = 4000000000u;
	e.exit.core_dumped = false;
	e.exit.run_ns = 999;
	CHECK(shows(&e, "22:13:20.123  exit     bash[1234] root <- sshd[1200]  killed by signal "
			"4000000000 after 0 us\n"));
}

static bool file_shows(struct event *e, const char *want) {
	char line[512];

	(void)snprintf(line, sizeof(line), "22:13:20.123  %s\n", want);
	return shows(e, line);
}

static void file_events_show_names_and_what_changed(void) {
	struct event e = some_event(WIRE_FILE_RENAME);

	EVENT_SET(&e, FILE_PATH, file.path, STR("/b"));
	EVENT_SET(&e, FILE_OLD_PATH, file.old_path, STR("/a -> /etc"));
	CHECK(file_shows(&e, "rename   bash[1234] root <- sshd[1200]  '/a -> /etc' -> /b"));
	e.kind = WIRE_FILE_SYMLINK;
	EVENT_SET(&e, FILE_TARGET, file.target, STR("../c"));
	CHECK(file_shows(&e, "symlink  bash[1234] root <- sshd[1200]  /b -> ../c"));
	e.kind = WIRE_FILE_OPEN;
	EVENT_SET(&e, FILE_FLAGS, file.flags, O_WRONLY | O_TRUNC | O_APPEND);
	CHECK(file_shows(&e, "open     bash[1234] root <- sshd[1200]  /b  write,truncate,append"));
	e.kind = WIRE_FILE_CHMOD;
	EVENT_SET(&e, FILE_MODE, file.mode, 0100644);
	EVENT_SET(&e, FILE_NEW_MODE, file.new_mode, 06711);
	CHECK(file_shows(&e, "chmod    bash[1234] root <- sshd[1200]  /b  -rw-r--r-- 0644  ->  "
			     "-rws--s--x 6711"));
	event_unmark(&e, FIELD_FILE_MODE);
	e.file.new_mode = 01000;
	CHECK(file_shows(&e, "chmod    bash[1234] root <- sshd[1200]  /b  ->  --------T 1000"));
	e.kind = WIRE_FILE_CHOWN;
	EVENT_SET(&e, FILE_UID, file.uid, 0);
	EVENT_SET(&e, FILE_GID, file.gid, 4);
	EVENT_SET(&e, FILE_NEW_UID, file.new_uid, 1000);
	CHECK(file_shows(&e, "chown    bash[1234] root <- sshd[1200]  /b  owner 0:4 -> 1000:4"));
	e.kind = WIRE_FILE_UNLINK;
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_FAILED);
	EVENT_SET(&e, ERROR, error, EACCES);
	CHECK(file_shows(&e, "unlink   bash[1234] root <- sshd[1200]  /b  failed: EACCES"));
	event_unmark(&e, FIELD_FILE_PATH);
	e.error = 3999;
	CHECK(file_shows(&e, "unlink   bash[1234] root <- sshd[1200]  ?  failed: errno 3999"));
}

static void network_events_show_both_ends_and_the_outcome(void) {
	struct event e = some_event(WIRE_NET_CONNECT);

	EVENT_SET(&e, NET_TRANSPORT, net.transport, 6);
	EVENT_SET(&e, NET_SOURCE_IP, net.source_ip, STR("10.0.0.1"));
	EVENT_SET(&e, NET_SOURCE_PORT, net.source_port, 1234);
	EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip, STR("::1"));
	EVENT_SET(&e, NET_DESTINATION_PORT, net.destination_port, 443);
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_ATTEMPTED);
	CHECK(file_shows(&e, "connect  bash[1234] root <- sshd[1200]  tcp 10.0.0.1:1234 -> "
			     "[::1]:443  attempted"));
	e.outcome = OUTCOME_SUCCEEDED;
	EVENT_SET(&e, NET_LATENCY_NS, net.latency_ns, 1234567);
	CHECK(file_shows(&e, "connect  bash[1234] root <- sshd[1200]  tcp 10.0.0.1:1234 -> "
			     "[::1]:443  ok in 1.2 ms"));
	e.outcome = OUTCOME_FAILED;
	EVENT_SET(&e, ERROR, error, ECONNREFUSED);
	CHECK(file_shows(&e, "connect  bash[1234] root <- sshd[1200]  tcp 10.0.0.1:1234 -> "
			     "[::1]:443  refused: ECONNREFUSED after 1.2 ms"));
	e = some_event(WIRE_NET_LISTEN);
	EVENT_SET(&e, NET_TRANSPORT, net.transport, 17);
	EVENT_SET(&e, NET_SOURCE_IP, net.source_ip, STR("0.0.0.0"));
	EVENT_SET(&e, NET_SOURCE_PORT, net.source_port, 53);
	EVENT_SET(&e, NET_BACKLOG, net.backlog, 128);
	CHECK(file_shows(&e, "listen   bash[1234] root <- sshd[1200]  udp 0.0.0.0:53  "
			     "backlog 128"));
}

static void ends_and_names_are_shown_with_their_numbers(void) {
	struct str answers[] = { STR("cdn.example.org"), STR("192.0.2.7") };
	struct event e = some_event(WIRE_NET_CLOSE);

	EVENT_SET(&e, NET_TRANSPORT, net.transport, 6);
	EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip, STR("10.0.0.1"));
	EVENT_SET(&e, NET_DESTINATION_PORT, net.destination_port, 53);
	EVENT_SET(&e, NET_SENT_BYTES, net.sent_bytes, 5000000000);
	EVENT_SET(&e, NET_RECEIVED_BYTES, net.received_bytes, 6);
	EVENT_SET(&e, NET_DURATION_NS, net.duration_ns, 1234567);
	CHECK(file_shows(&e, "close    bash[1234] root <- sshd[1200]  tcp 10.0.0.1:53  sent "
			     "5000000000, received 6 bytes in 1.2 ms"));
	e.kind = WIRE_NET_DNS;
	EVENT_SET(&e, DNS_QUERY, dns.query, STR("example.org"));
	EVENT_SET(&e, DNS_RECORD_TYPE, dns.record_type, STR("A"));
	CHECK(file_shows(&e, "dns      bash[1234] root <- sshd[1200]  question example.org A  "
			     "10.0.0.1:53"));
	EVENT_SET(&e, DNS_RESPONSE, dns.response, true);
	EVENT_SET(&e, DNS_RESPONSE_CODE, dns.response_code, STR("NOERROR"));
	EVENT_SET(&e, DNS_ANSWERS, dns.answers, ((struct strv){ answers, 2 }));
	CHECK(file_shows(&e, "dns      bash[1234] root <- sshd[1200]  answer example.org A  "
			     "NOERROR cdn.example.org 192.0.2.7  10.0.0.1:53"));
}

static void a_kind_without_a_sentence_is_told_by_its_fields(void) {
	struct str args[] = { STR("a b"), STR("c") };
	struct event e = some_event(WIRE_KIND_MAX - 1);

	EVENT_SET(&e, FILE_PATH, file.path, STR("/a b"));
	EVENT_SET(&e, FILE_INODE, file.inode, 7);
	EVENT_SET(&e, NET_TRANSPORT, net.transport, 6);
	EVENT_SET(&e, NET_INITIATED, net.initiated, false);
	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ args, 2 }));
	CHECK(file_shows(&e, "?        bash[1234] root <- sshd[1200]  exec.args='a b',c  "
			     "file.path='/a b'  file.inode=7  net.transport=TCP  "
			     "net.initiated=false"));
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_FAILED);
	EVENT_SET(&e, ERROR, error, EPERM);
	event_unmark(&e, FIELD_EXEC_ARGS);
	event_unmark(&e, FIELD_FILE_PATH);
	e.net.transport = 999;
	CHECK(file_shows(&e, "?        bash[1234] root <- sshd[1200]  file.inode=7  "
			     "net.transport=999  net.initiated=false  failed: EPERM"));
}

static void host_events_are_told_in_words(void) {
	struct str deeds[] = { STR("exec=tp_btf/exec"), STR("net_send=none: no BTF"),
			       STR("a=b=none") };
	struct event e = some_event(WIRE_HOST_START);

	EVENT_SET(&e, HOST_VERSION, host.version, STR("0.1.0"));
	EVENT_SET(&e, HOST_KERNEL, host.kernel, STR("6.1.0-37-amd64"));
	EVENT_SET(&e, HOST_ARCH, host.arch, STR("x86_64"));
	EVENT_SET(&e, HOST_COVERAGE, host.coverage, ((struct strv){ deeds, 3 }));
	CHECK(file_shows(&e, "start    lapwing 0.1.0 on Linux 6.1.0-37-amd64 x86_64, 2 of 3 deeds "
			     "covered; not covered: net_send"));
	e = some_event(WIRE_HOST_LOSS);
	EVENT_SET(&e, HOST_LOST_COUNT, host.lost_count, 12);
	EVENT_SET(&e, HOST_LOST_KIND, host.lost_kind, WIRE_FILE_OPEN);
	EVENT_SET(&e, HOST_LOST_CAUSE, host.lost_cause, STR("ring_full"));
	CHECK(file_shows(&e, "loss     12 FILE_OPEN events were lost: the ring was full"));
	e = some_event(WIRE_HOST_LIMIT);
	EVENT_SET(&e, LIMIT_KIND, limit.kind, WIRE_FILE_OPEN);
	EVENT_SET(&e, LIMIT_COUNT, limit.count, 12);
	EVENT_SET(&e, LIMIT_RATE, limit.rate, 1000);
	EVENT_SET_STR(&e, LIMIT_BY, limit.by, STR("process"));
	EVENT_SET(&e, LIMIT_TALKERS, limit.talkers, 1);
	CHECK(file_shows(&e, "limit    bash[1234] root <- sshd[1200] 12 FILE_OPEN past 1000 a "
			     "second of a process"));
	e = some_event(WIRE_HOST_STOP);
	EVENT_SET(&e, HOST_PRODUCED, host.produced, 1000);
	EVENT_SET(&e, HOST_LOST, host.lost, 0);
	CHECK(file_shows(&e, "stop     1000 records, 0 lost"));
}

static void each_detection_has_a_line_of_its_own(void) {
	struct str group[] = { STR("User=a") };
	struct str tags[] = { STR("attack.t1059"), STR("attack.execution") };
	struct detection d[] = {
		{ .rule_id = STR("r-1"), .title = STR("Odd\nshell"), .level = LEVEL_HIGH,
		  .tags = { tags, 2 } },
		{ .title = STR("Two"), .level = 99 },
		{ .title = STR("Many"), .level = LEVEL_LOW, .group = { group, 1 },
		  .evidence = EVIDENCE_INCOMPLETE },
		{ .title = STR("Some"), .level = LEVEL_LOW, .evidence = EVIDENCE_UNJUDGED },
	};
	struct event e = some_event(WIRE_PROCESS_FORK);

	e.detections = d;
	e.n_detections = 4;
	CHECK(file_shows(&e, "fork     bash[1234] root <- sshd[1200]\n"
			     " !! HIGH  Odd\\nshell  (r-1)  attack.t1059 attack.execution\n"
			     " !! ?  Two\n"
			     " !! LOW  Many  User=a  [evidence incomplete]\n"
			     " !! LOW  Some  [cannot be judged: events were lost]"));
}

static void colour_is_only_added_and_always_ended(void) {
	struct detection d = { .title = STR("T"), .level = LEVEL_CRITICAL };
	struct event e = some_event(WIRE_PROCESS_FORK);
	struct buf b = { 0 };

	e.detections = &d;
	e.n_detections = 1;
	event_degrade(&e, DEGRADED_PARENT_UNKNOWN);
	encode_text(&b, &e, true);
	buf_add_char(&b, '\0');
	CHECK(!strcmp(b.data,
		      "\033[2m22:13:20.123\033[0m  \033[2;36mfork    \033[0m bash[1234] root <- "
		      "sshd[1200]\033[2m  [parent-unknown]\033[0m\n"
		      " \033[1;97;41m!! CRITICAL  T\033[0m\n"));
	buf_done(&b);
}

static void hostile_text_cannot_leave_its_word(void) {
	struct str args[] = { STR("a\n22:13:20.123  exec"), STR("\033[2J\x07\177"),
			      STR("\xc2\x9b" "31m"), STR("\xe2\x80\xae" "gpj"), STR("b\xff\xc3"),
			      STR("'\"\\`"), STR("\xe2\x80\xa8"), STR("x\xc2\xa0y"),
			      STR("t\xf3\xa0\x81\x81"), STR("m\xe1\xa0\x8eh\xe3\x85\xa4") };
	struct event e = some_event(WIRE_PROCESS_EXEC);

	e.process.name = STR("x[1] root <- y");
	e.process.user = STR("r t");
	EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ args, 10 }));
	CHECK(shows(&e, "22:13:20.123  exec     'x[1] root <- y'[1234] 'r t' <- sshd[1200]  "
			"'a\\n22:13:20.123  exec' '\\x1b[2J\\x07\\x7f' '\\u009b31m' '\\u202egpj' "
			"'b\\xff\\xc3' \"'\\\"\\\\\\`\" '\\u2028' 'x\xc2\xa0y' "
			"'t\\U000e0041' 'm\\u180eh\\u3164'\n"));
}

static struct event a_file(uint32_t kind) {
	struct event e = some_event(kind);

	EVENT_SET(&e, FILE_PATH, file.path, STR("/srv/a b"));
	EVENT_SET(&e, FILE_INODE, file.inode, 12345);
	EVENT_SET(&e, FILE_DEV_MAJOR, file.dev_major, 254);
	EVENT_SET(&e, FILE_MODE, file.mode, 0100644);
	return e;
}

/* numbers of inodes and devices are for programs, and stand in JSON */
static void less_common_deeds_on_files_are_told_in_words(void) {
	struct event e = a_file(WIRE_FILE_SETXATTR);

	EVENT_SET(&e, FILE_XATTR, file.xattr, STR("user.mark"));
	EVENT_SET(&e, FILE_XATTR_BYTES, file.xattr_bytes, 4);
	CHECK(shows(&e, "22:13:20.123  setxattr bash[1234] root <- sshd[1200]  '/srv/a b'  "
			"user.mark, 4 bytes\n"));
	e = a_file(WIRE_FILE_REMOVEXATTR);
	EVENT_SET(&e, FILE_XATTR, file.xattr, STR("user.mark"));
	EVENT_SET(&e, OUTCOME, outcome, OUTCOME_FAILED);
	EVENT_SET(&e, ERROR, error, ENODATA);
	CHECK(shows(&e, "22:13:20.123  removexattr bash[1234] root <- sshd[1200]  '/srv/a b'  "
			"user.mark  failed: ENODATA\n"));
	e = a_file(WIRE_FILE_TRUNCATE);
	EVENT_SET(&e, FILE_SIZE, file.size, 5);
	CHECK(shows(&e, "22:13:20.123  truncate bash[1234] root <- sshd[1200]  '/srv/a b'  "
			"to 5 bytes\n"));
	e = a_file(WIRE_FILE_CLOSE);
	EVENT_SET(&e, FILE_WRITTEN_BYTES, file.written_bytes, 70);
	CHECK(shows(&e, "22:13:20.123  close    bash[1234] root <- sshd[1200]  '/srv/a b'  "
			"70 bytes written\n"));
	e = a_file(WIRE_FILE_MKNOD);
	EVENT_SET(&e, FILE_NEW_MODE, file.new_mode, 010644);
	CHECK(shows(&e, "22:13:20.123  mknod    bash[1234] root <- sshd[1200]  '/srv/a b'  "
			"prw-r--r-- 0644\n"));
	e = a_file(WIRE_FILE_MOUNT);
	EVENT_SET(&e, MOUNT_SOURCE, mount.source, STR("none"));
	EVENT_SET(&e, MOUNT_TYPE, mount.type, STR("tmpfs"));
	CHECK(shows(&e, "22:13:20.123  mount    bash[1234] root <- sshd[1200]  none -> "
			"'/srv/a b'  tmpfs\n"));
	event_unmark(&e, FIELD_MOUNT_SOURCE);
	event_unmark(&e, FIELD_MOUNT_TYPE);
	CHECK(shows(&e, "22:13:20.123  mount    bash[1234] root <- sshd[1200]  '/srv/a b'\n"));
}

static void a_signal_says_which_and_to_whom(void) {
	struct event e = some_event(WIRE_PROCESS_SIGNAL);

	EVENT_SET(&e, TARGET_NAME, target.name, STR("sleep"));
	EVENT_SET(&e, TARGET_PID, target.pid, 77);
	EVENT_SET(&e, TARGET_START_NS, target.start_ns, 4419149527895);
	EVENT_SET(&e, SIGNAL_NUMBER, signal.number, 10);
	CHECK(shows(&e, "22:13:20.123  signal   bash[1234] root <- sshd[1200]  SIGUSR1 to "
			"sleep[77]\n"));
	e.signal.number = 40;
	event_unmark(&e, FIELD_TARGET_NAME);
	CHECK(shows(&e, "22:13:20.123  signal   bash[1234] root <- sshd[1200]  signal 40 to "
			"?[77]\n"));
}

/* Bytes without any rule in every text of an event: nothing that a screen obeys may come out. */
static void random_bytes_never_reach_the_screen(void) {
	struct buf b = { 0 };
	struct arena a;
	char noise[64];

	arena_init(&a, 64 << 20);
	for (int i = 0; i < 20000 && !test_bad; i++) {
		struct str x = { noise, (uint32_t)(random_u64() % sizeof(noise)) };
		struct str list[] = { x, x };
		struct event e;
		uint32_t step, lines = 0, c = 0;

		for (uint32_t j = 0; j < x.n; j++)
			noise[j] = (char)random_u64();
		arena_reset(&a);
		random_event(&a, false, &e);
		for (int id = 0; id < FIELD_MAX; id++) {
			if (fields[id].type == FIELD_STR)
				*(struct str *)((char *)&e + fields[id].offset) = x;
			if (fields[id].type == FIELD_STRV)
				*(struct strv *)((char *)&e + fields[id].offset) =
					(struct strv){ list, 2 };
		}
		EVENT_SET(&e, KIND, kind, (uint32_t)(random_u64() % WIRE_KIND_MAX));
		buf_reset(&b);
		encode_text(&b, &e, false);
		for (uint32_t at = 0; at < b.len && !test_bad; at += step) {
			step = utf8_next(b.data + at, (uint32_t)b.len - at, &c);
			lines += c == '\n';
			CHECK(step && (c == '\n' || !utf8_hidden(c)));
		}
		CHECK(lines == 1 + e.n_detections);
	}
	buf_done(&b);
	arena_done(&a);
}

int main(void) {
	if (encode_setup() < 0 || setenv("TZ", "UTC", 1) < 0)
		return 1;
	tzset();
	RUN(exec_shows_arguments_quoted_where_needed);
	RUN(who_is_shown_as_far_as_it_is_known);
	RUN(a_container_is_shown_by_the_best_name_that_it_has);
	RUN(exit_shows_status_or_signal_and_run_time);
	RUN(file_events_show_names_and_what_changed);
	RUN(network_events_show_both_ends_and_the_outcome);
	RUN(ends_and_names_are_shown_with_their_numbers);
	RUN(a_kind_without_a_sentence_is_told_by_its_fields);
	RUN(host_events_are_told_in_words);
	RUN(each_detection_has_a_line_of_its_own);
	RUN(colour_is_only_added_and_always_ended);
	RUN(hostile_text_cannot_leave_its_word);
	RUN(less_common_deeds_on_files_are_told_in_words);
	RUN(a_signal_says_which_and_to_whom);
	RUN(random_bytes_never_reach_the_screen);
	DONE();
}
