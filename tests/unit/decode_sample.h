/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode_sample.h - records to decode: a plausible one of each kind, and the tools to make more
 */
#ifndef LAPWING_DECODE_SAMPLE_H
#define LAPWING_DECODE_SAMPLE_H

#include <errno.h>
#include <stdlib.h>

#include "decode/decode.h"
#include "event/field.h"
#include "wire.h"

struct sample {
	_Alignas(8) char bytes[WIRE_RECORD_BYTES + 8];
	uint32_t len;
};

static const uint8_t sample_kinds[] = {
	WIRE_PROCESS_FORK, WIRE_PROCESS_EXEC, WIRE_PROCESS_EXIT,
	WIRE_PROCESS_CENSUS, WIRE_PROCESS_SIGNAL, WIRE_PROCESS_CREDENTIALS,
	WIRE_PROCESS_SESSION, WIRE_PROCESS_COREDUMP, WIRE_FILE_CREATE,
	WIRE_FILE_OPEN, WIRE_FILE_RENAME, WIRE_FILE_UNLINK,
	WIRE_FILE_CHMOD, WIRE_FILE_CHOWN, WIRE_FILE_LINK,
	WIRE_FILE_SYMLINK, WIRE_NET_CONNECT, WIRE_NET_ACCEPT,
	WIRE_NET_BIND, WIRE_NET_LISTEN, WIRE_NET_SEND,
	WIRE_NET_CLOSE, WIRE_NET_DNS, WIRE_NET_SOCKET,
	WIRE_NET_UNIX, WIRE_HOST_START, WIRE_HOST_CLOCK,
	WIRE_HOST_USER, WIRE_HOST_LOSS, WIRE_HOST_STOP,
	WIRE_HOST_FOLD, WIRE_HOST_COVERAGE, WIRE_INJECT_PTRACE,
	WIRE_INJECT_VM_WRITE, WIRE_INJECT_VM_READ, WIRE_INJECT_MEM_OPEN,
	WIRE_INJECT_GETFD, WIRE_INJECT_EXECUTABLE, WIRE_INJECT_MEMFD,
	WIRE_INJECT_USERFAULTFD, WIRE_KERNEL_MODULE_LOAD, WIRE_KERNEL_MODULE_UNLOAD,
	WIRE_KERNEL_BPF_LOAD, WIRE_KERNEL_BPF_ATTACH, WIRE_KERNEL_KEXEC,
	WIRE_KERNEL_NAMESPACE, WIRE_KERNEL_CGROUP, WIRE_KERNEL_KEY,
	WIRE_KERNEL_LOCKDOWN, WIRE_KERNEL_IO_URING, WIRE_KERNEL_IO_REQUEST,
	WIRE_HOST_CONTENT, WIRE_HOST_CONTAINER,
	WIRE_FILE_READ, WIRE_FILE_MAP, WIRE_FILE_CLOSE, WIRE_HOST_LOG, WIRE_HOST_HEARTBEAT,
	WIRE_FILE_TRUNCATE, WIRE_FILE_MKDIR, WIRE_FILE_RMDIR,
	WIRE_FILE_MKNOD, WIRE_FILE_SETXATTR, WIRE_FILE_REMOVEXATTR,
	WIRE_FILE_MOUNT, WIRE_FILE_UMOUNT, WIRE_FILE_MOVE_MOUNT,
	WIRE_FILE_PIVOT_ROOT,
	WIRE_PROCESS_SCRIPT, WIRE_HOST_LIMIT,
};
#define SAMPLE_KINDS (sizeof(sample_kinds) / sizeof(sample_kinds[0]))

static inline void *sample_begin(struct sample *s, uint8_t kind, size_t size) {
	struct wire_header *h = (void *)s->bytes;

	memset(s->bytes, 0, size);
	*h = (struct wire_header){
		.ts_ns = 5000000000,
		.seq = 7,
		.start_ns = 4000000000,
		.tgid = 100,
		.tid = 101,
		.uid = 1000,
		.gid = 1001,
		.euid = 1002,
		.len = (uint32_t)size,
		.cpu = 3,
		.kind = kind,
		.outcome = WIRE_SUCCEEDED,
		.hook = WIRE_HOOK_LSM_FILE_OPEN,
	};
	s->len = (uint32_t)size;
	return s->bytes;
}

static inline struct wire_str sample_add(struct sample *s, const char *bytes, size_t n) {
	struct wire_str where = { (uint16_t)s->len, (uint16_t)n };

	memcpy(s->bytes + s->len, bytes, n);
	s->len += (uint32_t)n;
	((struct wire_header *)s->bytes)->len = s->len;
	return where;
}

#define sample_add_lit(s, literal) sample_add((s), (literal), sizeof(literal) - 1)

/* sample_add_args - all of them the head */
static inline void sample_add_args(struct sample *s, struct wire_process_exec *w, const char *bytes,
				   size_t n) {
	w->args = (struct wire_bytes){ s->len, (uint32_t)n };
	w->args_head = w->args_bytes = (uint32_t)n;
	(void)sample_add(s, bytes, n);
}

static inline struct wire_path sample_add_path(struct sample *s, const char *bytes, size_t n) {
	struct wire_str where = sample_add(s, bytes, n);

	return (struct wire_path){ .off = where.off, .len = where.len };
}

#define sample_add_path_lit(s, literal) sample_add_path((s), (literal), sizeof(literal) - 1)

static inline struct wire_process_exec *sample_exec(struct sample *s, uint8_t kind) {
	struct wire_process_exec *w = sample_begin(s, kind, sizeof(*w));

	memcpy(w->task.comm, "cat", 4);
	w->task.parent_tgid = 50;
	w->task.parent_start_ns = 3000000000;
	w->exe_inode = (struct wire_inode){ .ino = 12, .dev = 8 << 20 | 17, .mode = 0100755,
					    .links = 1 };
	w->exe = sample_add_path_lit(s, "cat\0bin\0usr\0");
	w->cwd = sample_add_path_lit(s, "mia\0home\0");
	w->cgroup = sample_add_path_lit(s, "a.scope\0user.slice\0");
	sample_add_args(s, w, "cat\0-n\0/etc/hosts\0", 18);
	w->filename = sample_add_lit(s, "/usr/bin/cat");
	w->tty = sample_add_lit(s, "pts/3");
	w->interp = sample_add_lit(s, "/usr/bin/cat");
	return w;
}

static inline struct wire_file *sample_file(struct sample *s, uint8_t kind) {
	struct wire_file *w = sample_begin(s, kind, sizeof(*w));

	w->inode = (struct wire_inode){ .ino = 99, .dev = 259 << 20 | 2, .mode = 0100644, .uid = 10,
				       .gid = 20, .links = 1 };
	w->flags = 01101;
	w->new_mode = 04755;
	w->new_uid = 5;
	w->new_gid = ~0u;
	w->path = sample_add_path_lit(s, "passwd\0etc\0");
	if (kind == WIRE_FILE_RENAME || kind == WIRE_FILE_LINK)
		w->old_path = sample_add_path_lit(s, "passwd.new\0etc\0");
	if (kind == WIRE_FILE_SYMLINK)
		w->target = sample_add_lit(s, "../passwd");
	return w;
}

/* sample_fold - what is in @s as the record within a fold of nine */
static inline struct wire_host_fold *sample_fold(struct sample *s) {
	static struct sample within;
	struct wire_host_fold *w;

	within = *s;
	w = sample_begin(s, WIRE_HOST_FOLD, sizeof(*w));
	w->head.cpu = 65535;
	w->head.seq = 30;
	w->head.flags = WIRE_NO_TASK;
	w->count = 9;
	w->first_ns = 5100000000;
	w->last_ns = w->head.ts_ns = 5900000000;
	(void)sample_add(s, within.bytes, within.len);
	return w;
}

static inline struct wire_net *sample_net(struct sample *s, uint8_t kind) {
	struct wire_net *w = sample_begin(s, kind, sizeof(*w));
	static const uint8_t local[16] = { [10] = 0xff, 0xff, 10, 0, 2, 15 };
	static const uint8_t remote[16] = { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 };

	memcpy(w->local, local, 16);
	memcpy(w->remote, remote, 16);
	w->local_port = 40000;
	w->remote_port = 443;
	w->protocol = 6;
	w->backlog = 128;
	w->socket_inode = 777;
	return w;
}

static inline struct wire_net_close *sample_net_close(struct sample *s) {
	struct wire_net_close *w = (void *)s->bytes;

	sample_net(s, WIRE_NET_CLOSE);
	memset((char *)w + sizeof(w->net), 0, sizeof(*w) - sizeof(w->net));
	w->net.head.len = s->len = sizeof(*w);
	w->direction = WIRE_OUT;
	w->duration_ns = 90;
	w->sent_bytes = 1ull << 40;
	w->received_bytes = 6;
	return w;
}

static inline struct wire_dns *sample_dns(struct sample *s) {
	struct wire_dns *w = (void *)s->bytes;

	sample_net(s, WIRE_NET_DNS);
	w->net.head.len = s->len = sizeof(*w);
	w->net.remote_port = 53;
	w->payload = sample_add(s, "\x12\x34\1\0\0\1\0\0\0\0\0\0\1a\0\0\1\0\1", 19);
	w->bytes = w->payload.len;
	return w;
}

static inline struct wire_net_socket *sample_socket(struct sample *s) {
	struct wire_net_socket *w = sample_begin(s, WIRE_NET_SOCKET, sizeof(*w));

	w->family = 17;
	w->type = 3;
	w->protocol = 768;
	return w;
}

static inline struct wire_net_unix *sample_unix(struct sample *s) {
	struct wire_net_unix *w = sample_begin(s, WIRE_NET_UNIX, sizeof(*w));

	w->type = 1;
	w->path = sample_add_path_lit(s, "docker.sock\0run\0");
	return w;
}

static inline void sample_host_start(struct sample *s) {
	struct wire_host_start *w = sample_begin(s, WIRE_HOST_START, sizeof(*w));

	w->wall_offset_ns = 1700000000000000000;
	w->host_id = sample_add_lit(s, "0123456789abcdef");
	w->boot_id = sample_add_lit(s, "b0b0");
	w->host_name = sample_add_lit(s, "nest");
	w->version = sample_add_lit(s, "0.1.0");
	w->kernel = sample_add_lit(s, "6.1.0-18-amd64");
	w->arch = sample_add_lit(s, "x86_64");
	w->coverage = sample_add_lit(s, "exec=tp\0open=lsm\0");
}

static inline struct wire_inject *sample_inject(struct sample *s, uint8_t kind) {
	struct wire_inject *w = sample_begin(s, kind, sizeof(*w));

	w->target_tgid = 300;
	w->target_start_ns = 7000000000;
	w->call = 101;
	w->request = 16;
	w->address = 0x7f0000001000;
	w->bytes = 4096;
	w->protection = 5;
	w->old_protection = 3;
	w->memory = WIRE_MEMORY_FILE;
	w->flags = 1;
	w->path = sample_add_path_lit(s, "code\0tmp\0");
	w->name = sample_add_lit(s, "a name");
	return w;
}

static inline struct wire_kernel *sample_kernel(struct sample *s, uint8_t kind) {
	struct wire_kernel *w = sample_begin(s, kind, sizeof(*w));

	w->target_tgid = 300;
	w->target_start_ns = 7000000000;
	w->cgroup_id = 77;
	w->flags = 0x04020000; /* CLONE_NEWUTS | CLONE_NEWNS */
	w->id = 9;
	w->type = 2;
	w->command = 28;
	w->attach = 24;
	w->entries = 8;
	w->signature = 2;
	w->ns_mnt = 41;
	w->ns_cgroup = 47;
	memcpy(w->tag, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8);
	w->path = sample_add_path_lit(s, "dummy.ko\0lib\0");
	w->detail = sample_add_lit(s, "user");
	w->name = sample_add_lit(s, "dummy");
	return w;
}

/* sample_make - a whole record of @kind, whose last byte matters */
static inline void sample_make(struct sample *s, uint8_t kind) {
	switch (kind) {
	case WIRE_PROCESS_FORK: {
		struct wire_process_fork *w = sample_begin(s, kind, sizeof(*w));

		memcpy(w->comm, "sh", 3);
		w->parent_tgid = 50;
		w->parent_start_ns = 3000000000;
		break;
	}
	case WIRE_PROCESS_EXEC:
	case WIRE_PROCESS_CENSUS:
		sample_exec(s, kind);
		break;
	case WIRE_PROCESS_EXIT: {
		struct wire_process_exit *w = sample_begin(s, kind, sizeof(*w));

		w->code = 2 << 8;
		break;
	}
	case WIRE_PROCESS_SIGNAL:
	case WIRE_PROCESS_COREDUMP:
		sample_begin(s, kind, sizeof(struct wire_process_signal));
		break;
	case WIRE_PROCESS_CREDENTIALS:
		sample_begin(s, kind, sizeof(struct wire_process_credentials));
		break;
	case WIRE_PROCESS_SCRIPT: {
		struct wire_process_script *w = sample_begin(s, kind, sizeof(*w));

		w->inode = (struct wire_inode){
			.ino = 12, .dev = 8 << 20 | 17, .mode = 0100755, .links = 1
		};
		w->path = sample_add_path_lit(s, "run.sh\0mia\0home\0");
		w->filename = sample_add_lit(s, "./run.sh");
		w->interp = sample_add_lit(s, "/home/mia/run.sh");
		break;
	}
	case WIRE_PROCESS_SESSION:
		sample_begin(s, kind, sizeof(struct wire_process_session));
		break;
	case WIRE_HOST_START:
		sample_host_start(s);
		break;
	case WIRE_HOST_CLOCK:
		sample_begin(s, kind, sizeof(struct wire_host_clock));
		break;
	case WIRE_HOST_USER: {
		struct wire_host_user *w = sample_begin(s, kind, sizeof(*w));

		w->uid = 1000;
		w->name = sample_add_lit(s, "mia");
		break;
	}
	case WIRE_HOST_CONTENT: {
		struct wire_host_content *w = sample_begin(s, kind, sizeof(*w));

		w->version = 12;
		w->order = 3;
		w->gate = sample_add_lit(s, "rehearsal");
		w->verdict = sample_add_lit(s, "refused");
		w->reason = sample_add_lit(s, "story");
		w->text = sample_add_lit(s, "rules.yml:7: the rule holds here");
		w->bundle = sample_add_lit(s, "0123456789abcdef");
		break;
	}
	case WIRE_HOST_CONTAINER: {
		struct wire_host_container *w = sample_begin(s, kind, sizeof(*w));

		w->id = sample_add_lit(s, "aaaabbbbccccdddd");
		w->runtime = sample_add_lit(s, "docker");
		w->name = sample_add_lit(s, "web");
		w->image = sample_add_lit(s, "registry/web:1");
		w->image_id = sample_add_lit(s, "sha256:00");
		w->pod_uid = sample_add_lit(s, "1234");
		w->pod_name = sample_add_lit(s, "web-0");
		w->pod_namespace = sample_add_lit(s, "shop");
		w->labels = sample_add_lit(s, "app=web\0tier=front\0");
		break;
	}
	case WIRE_HOST_LOG: {
		struct wire_host_log *w = sample_begin(s, kind, sizeof(*w));

		w->service = sample_add_lit(s, "auth");
		w->line = sample_add_lit(s, "Nov 25 23:00:01 box sudo[7]: mia : USER=root ; "
					    "COMMAND=/usr/bin/id");
		break;
	}
	case WIRE_HOST_HEARTBEAT: {
		struct wire_host_heartbeat *w = sample_begin(s, kind, sizeof(*w));

		w->mode = sample_add_lit(s, "core");
		w->reason = sample_add_lit(s, "the last 3 starts died");
		break;
	}
	case WIRE_HOST_LIMIT: {
		struct wire_host_limit *w = sample_begin(s, kind, sizeof(*w));

		w->count = 9;
		w->first_ns = 5100000000;
		w->last_ns = 5900000000;
		w->cgroup = 77;
		w->kind = WIRE_FILE_OPEN;
		w->by = WIRE_LIMIT_PROCESS;
		w->rate = 1000;
		w->talkers = 1;
		break;
	}
	case WIRE_HOST_LOSS: {
		struct wire_host_loss *w = sample_begin(s, kind, sizeof(*w));

		w->kind = WIRE_FILE_OPEN;
		w->count = 9;
		w->cause = WIRE_LOSS_NO_SLOT;
		w->first_ns = 1000;
		w->last_ns = 2000;
		w->cpu = 3;
		break;
	}
	case WIRE_NET_CLOSE:
		sample_net_close(s);
		break;
	case WIRE_NET_DNS:
		sample_dns(s);
		break;
	case WIRE_NET_SOCKET:
		sample_socket(s);
		break;
	case WIRE_NET_UNIX:
		sample_unix(s);
		break;
	case WIRE_HOST_STOP:
		sample_begin(s, kind, sizeof(struct wire_host_stop));
		break;
	case WIRE_HOST_COVERAGE: {
		struct wire_host_coverage *w = sample_begin(s, kind, sizeof(*w));

		w->folded = 5;
		w->served = sample_add_lit(s, "file.open=lsm/file_open\0"
					      "net.bind=lsm/socket_bind\0");
		w->proven = sample_add_lit(s, "file.open\0");
		w->silent = sample_add_lit(s, "net.bind\0");
		break;
	}
	case WIRE_HOST_FOLD:
		sample_file(s, WIRE_FILE_OPEN);
		sample_fold(s);
		break;
	default:
		if (kind >= WIRE_KERNEL_MODULE_LOAD)
			sample_kernel(s, kind);
		else if (kind >= WIRE_INJECT_PTRACE)
			sample_inject(s, kind);
		else if (kind >= WIRE_FILE_MOUNT && kind <= WIRE_FILE_CLOSE)
			sample_file(s, kind);
		else if (kind < WIRE_NET_CONNECT)
			sample_file(s, kind);
		else
			sample_net(s, kind);
	}
}

/* sample_decode - decodes a copy in memory of just that size, for the sanitizer to guard */
static inline int sample_decode_n(const struct sample *s, size_t n, struct arena *a,
                                  struct event *ret) {
	static char *copy;

	free(copy);
	copy = malloc(n ? n : 1);
	if (!copy)
		return -ENOMEM;
	memcpy(copy, s->bytes, n);
	return decode_record(copy, n, a, ret);
}

static inline int sample_decode(const struct sample *s, struct arena *a, struct event *ret) {
	return sample_decode_n(s, s->len, a, ret);
}

static inline bool is_text(struct str x, const char *want) {
	return x.s && str_eq(x, str_of(want));
}

#endif
