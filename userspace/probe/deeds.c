/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/deeds.h"

#include <string.h>

#include "wire.h"

#define TP(...)                                                                                    \
	DEED_TRACEPOINT, {                                                                         \
		__VA_ARGS__                                                                        \
	}
#define LSM(...)                                                                                   \
	DEED_LSM, {                                                                                \
		__VA_ARGS__                                                                        \
	}

const char *const deed_families[DEED_FAMILIES] = { "process", "file", "net", "inject", "kernel" };

/* clang-format off */
const struct deed deeds[] = {
	{ "process.fork", DEED_PROCESS, 0,
	  { { "tp_btf/task_newtask", TP("process_fork") } } },
	{ "process.exec", DEED_PROCESS, 0,
	  { { "tp_btf/sched_process_exec", TP("process_exec") } } },
	{ "process.exit", DEED_PROCESS, 0,
	  { { "tp_btf/sched_process_exit", TP("process_exit") } } },
	{ "process.signal", DEED_PROCESS, 0,
	  { { "lsm/task_kill", LSM("process_kill") },
	    { "tp_btf/signal_generate", TP("process_signal") } } },
	{ "process.coredump", DEED_PROCESS, 0,
	  { { "tp_btf/signal_deliver", TP("process_core") } } },
	{ "process.credentials", DEED_PROCESS, WIRE_PROCESS_CREDENTIALS,
	  { { "lsm/task_fix_setuid",
	      LSM("process_setuid", "process_setgid", "process_capset") },
	    { "tp_btf/sys_exit", TP("process_sys_exit") } } },
	{ "process.script", DEED_PROCESS, 0,
	  { { "fentry/bprm_change_interp", LSM("process_interp") },
	    { "lsm/bprm_check_security", LSM("process_script") } } },
	{ "process.gain", DEED_PROCESS, 0,
	  { { "lsm/bprm_committing_creds", LSM("process_gain") },
	    { "tp_btf/sched_prepare_exec", TP("process_prepare") } } },
	{ "process.setsid", DEED_PROCESS, WIRE_PROCESS_SESSION,
	  { { "fexit/ksys_setsid", DEED_FENTRY, { "process_setsid" } },
	    { "tp_btf/sys_exit", TP("process_sys_exit") } } },
	{ "process.census", DEED_PROCESS, 0,
	  { { "iter/task", DEED_ITER, { "process_census" } } } },
	{ "file.create", DEED_FILE, WIRE_FILE_CREATE,
	  { { "fentry/security_file_open", LSM("file_opening") },
	    { "lsm/file_open", LSM("file_open") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.open", DEED_FILE, WIRE_FILE_OPEN,
	  { { "fentry/security_file_open", LSM("file_opening") },
	    { "lsm/file_open", LSM("file_open") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.read", DEED_FILE, WIRE_FILE_READ,
	  { { "fentry/security_file_open", LSM("file_opening") },
	    { "lsm/file_open", LSM("file_open") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.close", DEED_FILE, 0,
	  { { "fentry/mnt_put_write_access", DEED_FENTRY, { "file_close" } },
	    { "fentry/__mnt_drop_write", DEED_FENTRY, { "file_close_old" } } } },
	{ "file.rename", DEED_FILE, WIRE_FILE_RENAME,
	  { { "lsm/path_rename", LSM("file_rename") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.unlink", DEED_FILE, WIRE_FILE_UNLINK,
	  { { "lsm/path_unlink", LSM("file_unlink") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.chmod", DEED_FILE, WIRE_FILE_CHMOD,
	  { { "lsm/path_chmod", LSM("file_chmod") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.chown", DEED_FILE, WIRE_FILE_CHOWN,
	  { { "lsm/path_chown", LSM("file_chown") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.link", DEED_FILE, WIRE_FILE_LINK,
	  { { "lsm/path_link", LSM("file_link") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.symlink", DEED_FILE, WIRE_FILE_SYMLINK,
	  { { "lsm/path_symlink", LSM("file_symlink") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.truncate", DEED_FILE, WIRE_FILE_TRUNCATE,
	  { { "lsm/file_truncate", LSM("file_ftruncate", "file_truncate") },
	    { "lsm/path_truncate", LSM("file_truncate") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.mkdir", DEED_FILE, WIRE_FILE_MKDIR,
	  { { "lsm/path_mkdir", LSM("file_mkdir") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.rmdir", DEED_FILE, WIRE_FILE_RMDIR,
	  { { "lsm/path_rmdir", LSM("file_rmdir") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.mknod", DEED_FILE, WIRE_FILE_MKNOD,
	  { { "lsm/path_mknod", LSM("file_mknod") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.setxattr", DEED_FILE, WIRE_FILE_SETXATTR,
	  { { "lsm/inode_setxattr", LSM("file_setxattr") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.removexattr", DEED_FILE, WIRE_FILE_REMOVEXATTR,
	  { { "lsm/inode_removexattr", LSM("file_rmxattr") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.mount", DEED_FILE, WIRE_FILE_MOUNT,
	  { { "lsm/sb_mount", LSM("file_mount") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.umount", DEED_FILE, WIRE_FILE_UMOUNT,
	  { { "lsm/sb_umount", LSM("file_umount") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.move_mount", DEED_FILE, WIRE_FILE_MOVE_MOUNT,
	  { { "lsm/move_mount", LSM("file_move_mount") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.pivot_root", DEED_FILE, WIRE_FILE_PIVOT_ROOT,
	  { { "lsm/sb_pivotroot", LSM("file_pivot_root") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "net.connect", DEED_NET, WIRE_NET_CONNECT,
	  { { "lsm/socket_connect",
	      LSM("net_connect", "net_unanswered", "net_close", "net_disconnect") },
	    { "tp_btf/inet_sock_set_state",
	      TP("net_state", "net_sys_exit", "net_unanswered", "net_close") } } },
	{ "net.connect_outcome", DEED_NET, 0,
	  { { "lsm/inet_conn_established", LSM("net_established", "net_error") },
	    { "tp_btf/inet_sock_set_state", TP("net_state") } } },
	{ "net.close", DEED_NET, 0,
	  { { "tp_btf/tcp_destroy_sock", TP("net_close", "net_reset") } } },
	{ "net.socket", DEED_NET, 0,
	  { { "lsm/socket_post_create", LSM("net_socket") },
	    { "tp_btf/sys_exit", TP("net_socket_exit") } } },
	{ "net.close_udp", DEED_NET, 0,
	  { { "fentry/udp_destroy_sock", DEED_FENTRY,
	      { "udp_received", "udp_close", "udp_close_6" } } } },
	{ "net.unix", DEED_NET, 0,
	  { { "lsm/unix_stream_connect", LSM("net_unix") },
	    { "tp_btf/sys_exit", TP("net_unix_exit") } } },
	{ "net.dns", DEED_NET, 0,
	  { { "fentry/skb_consume_udp", DEED_FENTRY, { "dns_sent", "dns_sent_6", "dns_received" } },
	    { "tp_btf/net_dev_queue", TP("dns_queued", "dns_sys_exit") } } },
	{ "net.accept", DEED_NET, WIRE_NET_ACCEPT,
	  { { "lsm/sock_graft", LSM("net_accept") },
	    { "tp_btf/sys_exit", TP("net_sys_exit") } } },
	{ "net.bind", DEED_NET, WIRE_NET_BIND,
	  { { "lsm/socket_bind", LSM("net_bind") },
	    { "tp_btf/sys_exit", TP("net_sys_exit") } } },
	{ "net.listen", DEED_NET, WIRE_NET_LISTEN,
	  { { "lsm/socket_listen", LSM("net_listen") },
	    { "tp_btf/sys_exit", TP("net_sys_exit") } } },
	{ "net.send", DEED_NET, WIRE_NET_SEND,
	  { { "lsm/socket_sendmsg", LSM("net_send") },
	    { "tp_btf/sys_exit", TP("net_sys_exit") } } },
	{ "inject.ptrace", DEED_INJECT, WIRE_INJECT_PTRACE,
	  { { "lsm/ptrace_access_check", LSM("inject_access") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.vm_write", DEED_INJECT, WIRE_INJECT_VM_WRITE,
	  { { "lsm/ptrace_access_check", LSM("inject_access") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.vm_read", DEED_INJECT, WIRE_INJECT_VM_READ,
	  { { "lsm/ptrace_access_check", LSM("inject_access") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.mem_open", DEED_INJECT, WIRE_INJECT_MEM_OPEN,
	  { { "lsm/ptrace_access_check", LSM("inject_access") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.getfd", DEED_INJECT, WIRE_INJECT_GETFD,
	  { { "lsm/ptrace_access_check", LSM("inject_access") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.map", DEED_INJECT, WIRE_FILE_MAP,
	  { { "lsm/mmap_file", LSM("inject_mmap", "inject_mprotect") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.executable", DEED_INJECT, WIRE_INJECT_EXECUTABLE,
	  { { "lsm/file_mprotect", LSM("inject_mprotect", "inject_mmap") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.memfd", DEED_INJECT, WIRE_INJECT_MEMFD,
	  { { "fexit/ia32_sys_memfd_create", DEED_FENTRY,
	      { "inject_memfd", "inject_memfd_32" } },
	    { "fexit/sys_memfd_create", DEED_FENTRY, { "inject_memfd" } },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "inject.userfaultfd", DEED_INJECT, WIRE_INJECT_USERFAULTFD,
	  { { "lsm/inode_init_security_anon", LSM("inject_uffd") },
	    { "tp_btf/sys_exit", TP("inject_sys_exit") } } },
	{ "kernel.module_load", DEED_KERNEL, 0,
	  { { "tp_btf/module_load", TP("kernel_modload") } } },
	{ "kernel.module_unload", DEED_KERNEL, 0,
	  { { "tp_btf/module_free", TP("kernel_modfree") } } },
	{ "kernel.bpf_load", DEED_KERNEL, WIRE_KERNEL_BPF_LOAD,
	  { { "lsm/bpf_prog", LSM("kernel_bpf_load") },
	    { "tp_btf/sys_exit", TP("kernel_sys_exit") } } },
	{ "kernel.bpf_attach", DEED_KERNEL, WIRE_KERNEL_BPF_ATTACH,
	  { { "lsm/bpf", LSM("kernel_bpf") },
	    { "tp_btf/sys_exit", TP("kernel_sys_exit") } } },
	{ "kernel.kexec", DEED_KERNEL, WIRE_KERNEL_KEXEC,
	  { { "lsm/kernel_read_file", LSM("kernel_kexec_f", "kernel_kexec_d") },
	    { "tp_btf/sys_exit", TP("kernel_sys_exit") } } },
	{ "kernel.namespace", DEED_KERNEL, WIRE_KERNEL_NAMESPACE,
	  { { "fexit/ia32_sys_setns", DEED_FENTRY,
	      { "kernel_unshare", "kernel_setns", "kernel_setns_32" } },
	    { "fexit/ksys_unshare", DEED_FENTRY, { "kernel_unshare", "kernel_setns" } },
	    { "tp_btf/sys_exit", TP("kernel_sys_exit") } } },
	{ "kernel.cgroup", DEED_KERNEL, 0,
	  { { "tp_btf/cgroup_attach_task", TP("kernel_cgroup") } } },
	{ "kernel.key", DEED_KERNEL, WIRE_KERNEL_KEY,
	  { { "lsm/key_alloc", LSM("kernel_key") },
	    { "tp_btf/sys_exit", TP("kernel_sys_exit") } } },
	{ "kernel.lockdown", DEED_KERNEL, 0,
	  { { "fexit/security_locked_down", DEED_FENTRY, { "kernel_lockdown" } } } },
	{ "kernel.io_uring", DEED_KERNEL, 0,
	  { { "tp_btf/io_uring_create", TP("kernel_uring") } } },
	/* where LSM hooks serve files and sockets, they see what a request does to these */
	{ "kernel.io_request", DEED_KERNEL, 0,
	  { { "lsm/*", DEED_LSM, { NULL } },
	    { "tp_btf/io_uring_submit_req", TP("kernel_uring_r") },
	    { "tp_btf/io_uring_submit_sqe", TP("kernel_uring_s") } } },
};
/* clang-format on */

const size_t n_deeds = sizeof(deeds) / sizeof(deeds[0]);
_Static_assert(sizeof(deeds) / sizeof(deeds[0]) <= DEED_MAX, "DEED_MAX");

/* Whose calls of 32 bits nothing translates: bpf/syscall_arm64.h, syscall_own(). */
#ifdef __aarch64__
#define CALLS_32_ALONE "CALLS_32_UNSEEN"
#define CALLS_32 " " CALLS_32_ALONE
#else
#define CALLS_32_ALONE NULL
#define CALLS_32 ""
#endif

/* What events lack that come from the ends of system calls: names of enum Degraded. */
static const struct {
	const char *program, *lacks;
} lacking[] = {
	{ "file_sys_exit", "PATH_RACY FILE_LATE FILE_UNRESOLVED" CALLS_32 },
	{ "net_sys_exit", "ADDRESS_RACY" CALLS_32 },
	{ "process_sys_exit", "OLD_UNKNOWN" CALLS_32 },
	{ "inject_sys_exit", "TARGET_UNKNOWN" CALLS_32 },
	{ "kernel_sys_exit", CALLS_32_ALONE },
	{ "net_unix_exit", CALLS_32_ALONE },
	{ "net_socket_exit", CALLS_32_ALONE },
	{ "dns_sys_exit", CALLS_32_ALONE },
};

const char *deed_way_lacks(const struct deed_way *way) {
	for (int i = 0; i < DEED_PROGRAMS && way->programs[i]; i++)
		for (size_t j = 0; j < sizeof(lacking) / sizeof(lacking[0]); j++)
			if (!strcmp(way->programs[i], lacking[j].program))
				return lacking[j].lacks;
	return NULL;
}

bool deed_is(const char *deed, const char *name) {
	size_t n = strlen(name);

	return !n || (!strncmp(deed, name, n) && (!deed[n] || deed[n] == '.'));
}

bool deed_known(const char *name) {
	for (size_t d = 0; d < n_deeds && *name; d++)
		if (deed_is(deeds[d].name, name))
			return true;
	return false;
}
