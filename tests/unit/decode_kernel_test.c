/* SPDX-License-Identifier: Apache-2.0 */
#include "decode_sample.h"
#include "test.h"

static struct sample sample;
static struct arena arena;
static struct event e;

#define HAS(id) event_has(&e, FIELD_##id)

static bool decoded(void) {
	arena_reset(&arena);
	event_reset(&e);
	return sample_decode(&sample, &arena, &e) == 0;
}

static void an_access_tells_whom_it_is_to_and_by_which_call(void) {
	struct wire_inject *w = sample_inject(&sample, WIRE_INJECT_PTRACE);

	CHECK(decoded() && e.target.pid == 300 && e.target.start_ns == 7000000000);
	CHECK(e.inject.call == 101 && e.inject.request == 16 && HAS(INJECT_REQUEST));
	CHECK(!HAS(INJECT_PROTECTION) && !HAS(INJECT_MEMORY) && !HAS(INJECT_FLAGS));
	CHECK(!(e.degraded >> DEGRADED_TARGET_UNKNOWN & 1));
	w->target_tgid = 0;
	w->call = 0;
	CHECK(decoded() && !HAS(TARGET_PID) && !HAS(INJECT_CALL));
	CHECK(e.degraded >> DEGRADED_TARGET_UNKNOWN & 1);
	sample_inject(&sample, WIRE_INJECT_VM_WRITE);
	CHECK(decoded() && !HAS(INJECT_REQUEST) && e.inject.bytes == 4096);
}

static void memory_that_becomes_executable_is_told_with_its_place_and_file(void) {
	struct wire_inject *w = sample_inject(&sample, WIRE_INJECT_EXECUTABLE);

	CHECK(decoded() && e.inject.address == 0x7f0000001000 && e.inject.bytes == 4096);
	CHECK(e.inject.protection == 5 && e.inject.old_protection == 3);
	CHECK(e.inject.memory == WIRE_MEMORY_FILE && is_text(e.inject.path, "/tmp/code"));
	CHECK(!HAS(TARGET_PID) && !(e.degraded >> DEGRADED_TARGET_UNKNOWN & 1));
	w->old_protection = 0;
	w->memory = WIRE_MEMORY_UNKNOWN;
	w->address = 0;
	CHECK(decoded() && !HAS(INJECT_OLD_PROTECTION) && !HAS(INJECT_MEMORY));
	CHECK(!HAS(INJECT_ADDRESS));
	sample_inject(&sample, WIRE_INJECT_MEMFD);
	CHECK(decoded() && is_text(e.inject.name, "a name") && e.inject.flags == 1);
}

static void a_module_tells_whether_it_is_signed_if_the_kernel_looks(void) {
	struct wire_kernel *w = sample_kernel(&sample, WIRE_KERNEL_MODULE_LOAD);

	CHECK(decoded() && is_text(e.kernel.name, "dummy"));
	CHECK(is_text(e.kernel.path, "/lib/dummy.ko"));
	CHECK(HAS(KERNEL_IS_SIGNED) && !e.kernel.is_signed && e.kernel.taints == 0x04020000);
	CHECK(!HAS(TARGET_PID) && !HAS(PROCESS_NS_MNT) && !HAS(KERNEL_TYPE));
	w->signature = 1;
	CHECK(decoded() && e.kernel.is_signed);
	w->signature = 0;
	CHECK(decoded() && !HAS(KERNEL_IS_SIGNED));
}

static void a_bpf_program_is_told_by_type_name_tag_and_command(void) {
	struct wire_kernel *w = sample_kernel(&sample, WIRE_KERNEL_BPF_ATTACH);

	CHECK(decoded() && is_text(e.kernel.type, "kprobe") && e.kernel.id == 9);
	CHECK(is_text(e.kernel.tag, "0123456789abcdef") && is_text(e.kernel.name, "dummy"));
	CHECK(is_text(e.kernel.command, "link_create") && e.kernel.attach_type == 24);
	CHECK(is_text(e.kernel.tracepoint, "user"));
	w->type = 12345;
	w->command = 99;
	CHECK(decoded() && is_text(e.kernel.type, "12345") && !HAS(KERNEL_COMMAND));
	w->id = 0;
	CHECK(decoded() && !HAS(KERNEL_TYPE) && !HAS(KERNEL_TAG) && !HAS(KERNEL_ID));
}

static void namespaces_are_told_by_kind_and_where_the_process_is_now(void) {
	struct wire_kernel *w = sample_kernel(&sample, WIRE_KERNEL_NAMESPACE);

	CHECK(decoded() && e.kernel.namespaces.n == 2);
	CHECK(is_text(e.kernel.namespaces.v[0], "mnt") && is_text(e.kernel.namespaces.v[1], "uts"));
	CHECK(HAS(PROCESS_NS_MNT) && e.process.ns_mnt == 41);
	CHECK(HAS(PROCESS_NS_CGROUP) && e.process.ns_cgroup == 47 && !HAS(PROCESS_NS_PID));
	w->flags = 0;
	CHECK(decoded() && !HAS(KERNEL_NAMESPACES));
}

static void what_else_changes_in_the_kernel_is_told(void) {
	sample_kernel(&sample, WIRE_KERNEL_CGROUP);
	CHECK(decoded() && e.target.pid == 300 && e.kernel.cgroup_id == 77);
	CHECK(is_text(e.kernel.cgroup, "dummy") && !HAS(KERNEL_NAME));
	sample_kernel(&sample, WIRE_KERNEL_LOCKDOWN)->name = (struct wire_str){ 0 };
	CHECK(decoded() && is_text(e.kernel.name, "dev_mem"));
	sample_kernel(&sample, WIRE_KERNEL_KEY);
	CHECK(decoded() && is_text(e.kernel.name, "dummy") && is_text(e.kernel.type, "user"));
	sample_kernel(&sample, WIRE_KERNEL_IO_URING);
	CHECK(decoded() && e.kernel.entries == 8 && e.kernel.flags == 0x04020000);
	sample_kernel(&sample, WIRE_KERNEL_IO_REQUEST)->type = 18;
	CHECK(decoded() && is_text(e.kernel.operation, "openat"));
	sample_kernel(&sample, WIRE_KERNEL_IO_REQUEST)->type = 200;
	CHECK(decoded() && is_text(e.kernel.operation, "200"));
}

int main(void) {
	arena_init(&arena, 1 << 20);
	RUN(an_access_tells_whom_it_is_to_and_by_which_call);
	RUN(memory_that_becomes_executable_is_told_with_its_place_and_file);
	RUN(a_module_tells_whether_it_is_signed_if_the_kernel_looks);
	RUN(a_bpf_program_is_told_by_type_name_tag_and_command);
	RUN(namespaces_are_told_by_kind_and_where_the_process_is_now);
	RUN(what_else_changes_in_the_kernel_is_told);
	arena_done(&arena);
	DONE();
}
