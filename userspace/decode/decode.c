/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/decode.h"

#include <assert.h>
#include <errno.h>

#include "decode/reader.h"

struct row {
	int (*decode)(struct reader *r, struct event *ret);
	uint16_t fixed;
	bool exact; /* nothing stands behind the fixed part */
};

/* clang-format off */
static const struct row rows[WIRE_KIND_MAX] = {
	[WIRE_PROCESS_FORK] =	{ decode_fork_again, sizeof(struct wire_process_fork), true },
	[WIRE_PROCESS_EXEC] =	{ decode_exec_again, sizeof(struct wire_process_exec), false },
	[WIRE_PROCESS_EXIT] =	{ decode_exit_again, sizeof(struct wire_process_exit), true },
	[WIRE_PROCESS_CENSUS] =	{ decode_exec, sizeof(struct wire_process_exec), false },
	[WIRE_PROCESS_SIGNAL] =	{ decode_signal, sizeof(struct wire_process_signal), true },
	[WIRE_PROCESS_CREDENTIALS] =
		{ decode_credentials, sizeof(struct wire_process_credentials), true },
	[WIRE_PROCESS_SESSION] = { decode_session, sizeof(struct wire_process_session), true },
	[WIRE_PROCESS_SCRIPT] =	{ decode_script, sizeof(struct wire_process_script), false },
	[WIRE_PROCESS_COREDUMP] = { decode_signal, sizeof(struct wire_process_signal), true },
	[WIRE_PROCESS_HASH] =
		{ decode_process_hash, sizeof(struct wire_process_hash), false },
	[WIRE_FILE_CREATE] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_OPEN] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_RENAME] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_UNLINK] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_CHMOD] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_CHOWN] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_LINK] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_SYMLINK] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_READ] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_MAP] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_CLOSE] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_TRUNCATE] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_MKDIR] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_RMDIR] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_MKNOD] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_SETXATTR] =	{ decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_REMOVEXATTR] = { decode_file, sizeof(struct wire_file), false },
	[WIRE_FILE_MOUNT] =	{ decode_mount, sizeof(struct wire_file), false },
	[WIRE_FILE_UMOUNT] =	{ decode_mount, sizeof(struct wire_file), false },
	[WIRE_FILE_MOVE_MOUNT] = { decode_mount, sizeof(struct wire_file), false },
	[WIRE_FILE_PIVOT_ROOT] = { decode_mount, sizeof(struct wire_file), false },
	[WIRE_NET_CONNECT] =	{ decode_net, sizeof(struct wire_net), true },
	[WIRE_NET_ACCEPT] =	{ decode_net, sizeof(struct wire_net), true },
	[WIRE_NET_BIND] =	{ decode_net, sizeof(struct wire_net), true },
	[WIRE_NET_LISTEN] =	{ decode_net, sizeof(struct wire_net), true },
	[WIRE_NET_SEND] =	{ decode_net, sizeof(struct wire_net), true },
	[WIRE_NET_CLOSE] =	{ decode_net_close, sizeof(struct wire_net_close), true },
	[WIRE_INJECT_PTRACE] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_VM_WRITE] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_VM_READ] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_MEM_OPEN] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_GETFD] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_EXECUTABLE] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_MEMFD] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_INJECT_USERFAULTFD] = { decode_inject, sizeof(struct wire_inject), false },
	[WIRE_KERNEL_MODULE_LOAD] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_MODULE_UNLOAD] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_BPF_LOAD] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_BPF_ATTACH] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_KEXEC] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_NAMESPACE] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_CGROUP] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_KEY] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_LOCKDOWN] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_IO_URING] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_KERNEL_IO_REQUEST] = { decode_kernel, sizeof(struct wire_kernel), false },
	[WIRE_NET_DNS] =	{ decode_dns, sizeof(struct wire_dns), false },
	[WIRE_NET_SOCKET] =	{ decode_net_socket, sizeof(struct wire_net_socket), true },
	[WIRE_NET_UNIX] =	{ decode_net_unix, sizeof(struct wire_net_unix), false },
	[WIRE_HOST_START] =	{ decode_host_start, sizeof(struct wire_host_start), false },
	[WIRE_HOST_CLOCK] =	{ decode_host_clock, sizeof(struct wire_host_clock), true },
	[WIRE_HOST_USER] =	{ decode_host_user, sizeof(struct wire_host_user), false },
	[WIRE_HOST_CONTAINER] =
		{ decode_host_container, sizeof(struct wire_host_container), false },
	[WIRE_HOST_CONTENT] =	{ decode_host_content, sizeof(struct wire_host_content), false },
	[WIRE_HOST_FILE] = { decode_host_file, sizeof(struct wire_host_file), true },
	[WIRE_HOST_LOG] =	{ decode_host_log, sizeof(struct wire_host_log), false },
	[WIRE_HOST_HEARTBEAT] =
		{ decode_host_heartbeat, sizeof(struct wire_host_heartbeat), false },
	[WIRE_HOST_LIMIT] =	{ decode_host_limit, sizeof(struct wire_host_limit), true },
	[WIRE_HOST_LOSS] =	{ decode_host_loss, sizeof(struct wire_host_loss), true },
	[WIRE_HOST_STOP] =	{ decode_host_stop, sizeof(struct wire_host_stop), true },
	[WIRE_HOST_COVERAGE] = { decode_host_coverage, sizeof(struct wire_host_coverage), false },
	[WIRE_HOST_FOLD] =	{ decode_host_fold, sizeof(struct wire_host_fold), false },
};
/* clang-format on */

int decode_lean(const void *record, size_t len, struct arena *arena, struct event *ret) {
	const struct wire_header *head = record;
	const struct row *row;
	struct reader r;

	assert((uintptr_t)record % 8 == 0);
	if (len < sizeof(*head) || len > WIRE_RECORD_BYTES || head->len != len)
		return -EBADMSG;
	if (head->kind >= WIRE_KIND_MAX || head->outcome > WIRE_FAILED)
		return -EBADMSG;
	row = &rows[head->kind];
	if (!row->decode || len < row->fixed || (row->exact && len != row->fixed))
		return -EBADMSG;
	r = (struct reader){
		.head = head,
		.len = (uint32_t)len,
		.fixed = row->fixed,
		.arena = arena,
	};
	return row->decode(&r, ret);
}

int decode_record(const void *record, size_t len, struct arena *arena, struct event *ret) {
	int error = decode_lean(record, len, arena, ret);

	if (!error)
		event_take(ret);
	return error;
}
