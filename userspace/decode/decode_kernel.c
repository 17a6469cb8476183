/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "decode/reader.h"
#include "event/field.h"

#define WORD(literal) { literal, sizeof(literal) - 1 }
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* enum bpf_prog_type of include/uapi/linux/bpf.h, which only grows */
static const struct str program_types[] = {
	WORD("unspec"), WORD("socket_filter"), WORD("kprobe"), WORD("sched_cls"),
	WORD("sched_act"), WORD("tracepoint"), WORD("xdp"), WORD("perf_event"),
	WORD("cgroup_skb"), WORD("cgroup_sock"), WORD("lwt_in"), WORD("lwt_out"),
	WORD("lwt_xmit"), WORD("sock_ops"), WORD("sk_skb"), WORD("cgroup_device"),
	WORD("sk_msg"), WORD("raw_tracepoint"), WORD("cgroup_sock_addr"),
	WORD("lwt_seg6local"), WORD("lirc_mode2"), WORD("sk_reuseport"),
	WORD("flow_dissector"), WORD("cgroup_sysctl"), WORD("raw_tracepoint_writable"),
	WORD("cgroup_sockopt"), WORD("tracing"), WORD("struct_ops"), WORD("ext"),
	WORD("lsm"), WORD("sk_lookup"), WORD("syscall"), WORD("netfilter"),
};

/* enum io_uring_op of include/uapi/linux/io_uring.h, which only grows */
static const struct str operations[] = {
	WORD("nop"), WORD("readv"), WORD("writev"), WORD("fsync"), WORD("read_fixed"),
	WORD("write_fixed"), WORD("poll_add"), WORD("poll_remove"), WORD("sync_file_range"),
	WORD("sendmsg"), WORD("recvmsg"), WORD("timeout"), WORD("timeout_remove"),
	WORD("accept"), WORD("async_cancel"), WORD("link_timeout"), WORD("connect"),
	WORD("fallocate"), WORD("openat"), WORD("close"), WORD("files_update"),
	WORD("statx"), WORD("read"), WORD("write"), WORD("fadvise"), WORD("madvise"),
	WORD("send"), WORD("recv"), WORD("openat2"), WORD("epoll_ctl"), WORD("splice"),
	WORD("provide_buffers"), WORD("remove_buffers"), WORD("tee"), WORD("shutdown"),
	WORD("renameat"), WORD("unlinkat"), WORD("mkdirat"), WORD("symlinkat"),
	WORD("linkat"), WORD("msg_ring"), WORD("fsetxattr"), WORD("setxattr"),
	WORD("fgetxattr"), WORD("getxattr"), WORD("socket"), WORD("uring_cmd"),
	WORD("send_zc"), WORD("sendmsg_zc"), WORD("read_multishot"), WORD("waitid"),
	WORD("futex_wait"), WORD("futex_wake"), WORD("futex_waitv"),
	WORD("fixed_fd_install"), WORD("ftruncate"), WORD("bind"), WORD("listen"),
};

/* as bpf/kernel_calls.h numbers them: enum lockdown_reason without its prefix */
static const struct str reasons[] = {
	WORD("none"),
	WORD("module_signature"),
	WORD("dev_mem"),
	WORD("efi_test"),
	WORD("kexec"),
	WORD("hibernation"),
	WORD("pci_access"),
	WORD("ioport"),
	WORD("msr"),
	WORD("acpi_tables"),
	WORD("pcmcia_cis"),
	WORD("tiocsserial"),
	WORD("module_parameters"),
	WORD("mmiotrace"),
	WORD("debugfs"),
	WORD("xmon_wr"),
	WORD("kcore"),
	WORD("kprobes"),
	WORD("perf"),
	WORD("tracefs"),
	WORD("xmon_rw"),
	WORD("xfrm_secret"),
	WORD("bpf_read_kernel"),
	WORD("bpf_write_user"),
	WORD("dbg_read_kernel"),
	WORD("dbg_write_kernel"),
	WORD("device_tree"),
};

/* CLONE_NEW* of include/uapi/linux/sched.h */
static const struct {
	uint64_t flag;
	struct str name;
} namespaces[] = {
	{ 0x00020000, WORD("mnt") },  { 0x20000000, WORD("pid") }, { 0x40000000, WORD("net") },
	{ 0x10000000, WORD("user") }, { 0x04000000, WORD("uts") }, { 0x08000000, WORD("ipc") },
	{ 0x02000000, WORD("cgroup") }, { 0x00000080, WORD("time") },
};

/* word - that of @number in a table; a newer kernel's is told as its number */
static struct str word(struct reader *r, const struct str *words, size_t n, uint32_t number) {
	char *text;
	int len;

	if (number < n)
		return words[number];
	text = arena_alloc(r->arena, 16);
	if (!text)
		return reader_fail(r, -ENOMEM);
	len = snprintf(text, 16, "%u", number);
	return (struct str){ text, (uint32_t)len };
}

static struct str hex(struct reader *r, const uint8_t bytes[8]) {
	char *text = arena_alloc(r->arena, 17);

	if (!text)
		return reader_fail(r, -ENOMEM);
	for (int i = 0; i < 8; i++)
		(void)snprintf(text + 2 * (size_t)i, 3, "%02x", bytes[i]);
	return (struct str){ text, 16 };
}

static struct strv names_of(struct reader *r, uint64_t flags) {
	struct str *v = arena_alloc(r->arena, sizeof(*v) * COUNT(namespaces));
	struct strv list = { v, 0 };

	if (!v) {
		(void)reader_fail(r, -ENOMEM);
		return (struct strv){ 0 };
	}
	for (size_t i = 0; i < COUNT(namespaces); i++)
		if (flags & namespaces[i].flag)
			v[list.n++] = namespaces[i].name;
	return list;
}

static struct str command(uint32_t number) {
	switch (number) {
	case 5:
		return STR("prog_load");
	case 8:
		return STR("prog_attach");
	case 17:
		return STR("raw_tracepoint_open");
	case 28:
		return STR("link_create");
	default:
		return (struct str){ 0 };
	}
}

/* Everything that needs the arena, before the event is touched. */
struct words {
	struct str name, detail, path, type, tag, operation;
	struct strv namespaces;
};

static struct words words_of(struct reader *r, const struct wire_kernel *w) {
	struct words x = {
		.name = reader_text(r, w->name),
		.detail = reader_text(r, w->detail),
		.path = reader_path(r, &w->path),
	};

	if (w->id) {
		x.type = word(r, program_types, COUNT(program_types), w->type);
		x.tag = hex(r, w->tag);
	}
	if (w->head.kind == WIRE_KERNEL_IO_REQUEST)
		x.operation = word(r, operations, COUNT(operations), w->type);
	if (w->head.kind == WIRE_KERNEL_NAMESPACE)
		x.namespaces = names_of(r, w->flags);
	return x;
}

static void set_bpf(const struct wire_kernel *w, const struct words *x, struct event *e) {
	EVENT_SET_STR(e, KERNEL_COMMAND, kernel.command, command(w->command));
	EVENT_SET_STR(e, KERNEL_TRACEPOINT, kernel.tracepoint, x->detail);
	EVENT_SET_STR(e, KERNEL_TYPE, kernel.type, x->type);
	EVENT_SET_STR(e, KERNEL_TAG, kernel.tag, x->tag);
	if (w->id)
		EVENT_SET(e, KERNEL_ID, kernel.id, w->id);
	if (w->head.kind == WIRE_KERNEL_BPF_ATTACH)
		EVENT_SET(e, KERNEL_ATTACH_TYPE, kernel.attach_type, w->attach);
}

static void set_module(const struct wire_kernel *w, struct event *e) {
	EVENT_SET(e, KERNEL_TAINTS, kernel.taints, w->flags);
	if (w->signature)
		EVENT_SET(e, KERNEL_IS_SIGNED, kernel.is_signed, w->signature == 1);
}

/* set_namespaces - 0 stands for one that the deed does not change */
static void set_namespaces(const struct wire_kernel *w, const struct words *x, struct event *e) {
	const uint32_t *from = &w->ns_mnt;
	uint32_t *to = &e->process.ns_mnt;

	for (unsigned i = 0; i < 8; i++) {
		if (!from[i])
			continue;
		to[i] = from[i];
		event_mark(e, FIELD_PROCESS_NS_MNT + i);
	}
	if (x->namespaces.n)
		EVENT_SET(e, KERNEL_NAMESPACES, kernel.namespaces, x->namespaces);
}

static void set_cgroup(const struct wire_kernel *w, const struct words *x, struct event *e) {
	EVENT_SET(e, TARGET_PID, target.pid, w->target_tgid);
	EVENT_SET(e, TARGET_START_NS, target.start_ns, w->target_start_ns);
	EVENT_SET(e, KERNEL_CGROUP_ID, kernel.cgroup_id, w->cgroup_id);
	EVENT_SET_STR(e, KERNEL_CGROUP, kernel.cgroup, x->name);
}

int decode_kernel(struct reader *r, struct event *ret) {
	const struct wire_kernel *w = (const void *)r->head;
	struct words x = words_of(r, w);
	int error = reader_commit(r, ret);

	if (error)
		return error;
	EVENT_SET_STR(ret, KERNEL_PATH, kernel.path, x.path);
	if (w->head.kind != WIRE_KERNEL_CGROUP)
		EVENT_SET_STR(ret, KERNEL_NAME, kernel.name, x.name);
	switch (w->head.kind) {
	case WIRE_KERNEL_MODULE_LOAD:
	case WIRE_KERNEL_MODULE_UNLOAD:
		set_module(w, ret);
		break;
	case WIRE_KERNEL_BPF_LOAD:
	case WIRE_KERNEL_BPF_ATTACH:
		set_bpf(w, &x, ret);
		break;
	case WIRE_KERNEL_NAMESPACE:
		set_namespaces(w, &x, ret);
		break;
	case WIRE_KERNEL_CGROUP:
		set_cgroup(w, &x, ret);
		break;
	case WIRE_KERNEL_LOCKDOWN:
		if (w->type && w->type < COUNT(reasons))
			EVENT_SET(ret, KERNEL_NAME, kernel.name, reasons[w->type]);
		break;
	case WIRE_KERNEL_KEY:
		EVENT_SET_STR(ret, KERNEL_TYPE, kernel.type, x.detail);
		break;
	case WIRE_KERNEL_IO_URING:
		EVENT_SET(ret, KERNEL_FLAGS, kernel.flags, w->flags);
		EVENT_SET(ret, KERNEL_ENTRIES, kernel.entries, w->entries);
		break;
	case WIRE_KERNEL_IO_REQUEST:
		EVENT_SET_STR(ret, KERNEL_OPERATION, kernel.operation, x.operation);
		break;
	default:
		break;
	}
	return 0;
}
