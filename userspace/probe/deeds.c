/* SPDX-License-Identifier: Apache-2.0 */
#include "probe/deeds.h"

#include "wire.h"

#define TP(...)                                                                                    \
	DEED_TRACEPOINT, {                                                                         \
		__VA_ARGS__                                                                        \
	}
#define LSM(...)                                                                                   \
	DEED_LSM, {                                                                                \
		__VA_ARGS__                                                                        \
	}

const char *const deed_families[DEED_FAMILIES] = { "process", "file", "net" };

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
	{ "process.setsid", DEED_PROCESS, WIRE_PROCESS_SESSION,
	  { { "fexit/ksys_setsid", DEED_FENTRY, { "process_setsid" } },
	    { "tp_btf/sys_exit", TP("process_sys_exit") } } },
	{ "process.census", DEED_PROCESS, 0,
	  { { "iter/task", DEED_ITER, { "process_census" } } } },
	{ "file.create", DEED_FILE, WIRE_FILE_CREATE,
	  { { "lsm/file_open", LSM("file_open") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
	{ "file.open", DEED_FILE, WIRE_FILE_OPEN,
	  { { "lsm/file_open", LSM("file_open") },
	    { "tp_btf/sys_exit", TP("file_sys_exit") } } },
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
	{ "net.connect", DEED_NET, WIRE_NET_CONNECT,
	  { { "lsm/socket_connect", LSM("net_connect", "net_unanswered", "net_close") },
	    { "tp_btf/inet_sock_set_state",
	      TP("net_state", "net_sys_exit", "net_unanswered", "net_close") } } },
	{ "net.connect_outcome", DEED_NET, 0,
	  { { "lsm/inet_conn_established", LSM("net_established", "net_error") },
	    { "tp_btf/inet_sock_set_state", TP("net_state") } } },
	{ "net.close", DEED_NET, 0,
	  { { "tp_btf/tcp_destroy_sock", TP("net_close") } } },
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
};
/* clang-format on */

const size_t n_deeds = sizeof(deeds) / sizeof(deeds[0]);
_Static_assert(sizeof(deeds) / sizeof(deeds[0]) <= DEED_MAX, "DEED_MAX");
