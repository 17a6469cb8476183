/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a rule file; if it loads, one event against it. */
#include "detect/detect.h"
#include "event/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
	struct str args[] = { STR("sh"), STR("-c"), STR("id \xff\x01") };
	struct buf errors = { 0 };
	struct ruleset *rules;
	struct event e;
	struct arena arena;

	if (ruleset_load_text("fuzz.yml", (const char *)bytes, n, NULL, &errors, &rules) == 0) {
		arena_init(&arena, 65536);
		for (uint32_t kind = 0; kind < WIRE_KIND_MAX; kind++) {
			event_reset(&e);
			EVENT_SET(&e, KIND, kind, kind);
			EVENT_SET(&e, PROCESS_UID, process.uid, 0);
			EVENT_SET(&e, PROCESS_NAME, process.name, STR("sh"));
			EVENT_SET(&e, PROCESS_EXECUTABLE, process.executable, STR("/bin/dash"));
			EVENT_SET(&e, PROCESS_COMMAND_LINE, process.command_line, STR("sh -c x"));
			EVENT_SET(&e, PROCESS_CWD, process.cwd, STR("/tmp/.."));
			EVENT_SET(&e, EXEC_INVOKED, exec.invoked, STR("./../a"));
			EVENT_SET(&e, EXEC_ARGS, exec.args, ((struct strv){ args, 3 }));
			EVENT_SET(&e, DEGRADED, degraded, 6);
			EVENT_SET(&e, NET_DESTINATION_IP, net.destination_ip, STR("::1"));
			detect_event(rules, &arena, &e);
			arena_reset(&arena);
		}
		arena_done(&arena);
		ruleset_free(rules);
	}
	buf_done(&errors);
	return 0;
}
