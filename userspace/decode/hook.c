/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/decode.h"

const struct str decode_hooks[WIRE_HOOK_MAX] = {
	[WIRE_HOOK_TP_FORK] = STR("tp_btf/sched_process_fork"),
	[WIRE_HOOK_TP_EXEC] = STR("tp_btf/sched_process_exec"),
	[WIRE_HOOK_TP_EXIT] = STR("tp_btf/sched_process_exit"),
	[WIRE_HOOK_ITER_TASK] = STR("iter/task"),
	[WIRE_HOOK_LSM_FILE_OPEN] = STR("lsm/file_open"),
	[WIRE_HOOK_LSM_PATH_RENAME] = STR("lsm/path_rename"),
	[WIRE_HOOK_LSM_PATH_UNLINK] = STR("lsm/path_unlink"),
	[WIRE_HOOK_LSM_PATH_CHMOD] = STR("lsm/path_chmod"),
	[WIRE_HOOK_LSM_PATH_CHOWN] = STR("lsm/path_chown"),
	[WIRE_HOOK_LSM_PATH_LINK] = STR("lsm/path_link"),
	[WIRE_HOOK_LSM_PATH_SYMLINK] = STR("lsm/path_symlink"),
	[WIRE_HOOK_TP_SYS_EXIT] = STR("tp_btf/sys_exit"),
	[WIRE_HOOK_LSM_SOCKET_CONNECT] = STR("lsm/socket_connect"),
	[WIRE_HOOK_LSM_SOCKET_BIND] = STR("lsm/socket_bind"),
	[WIRE_HOOK_LSM_SOCKET_LISTEN] = STR("lsm/socket_listen"),
	[WIRE_HOOK_LSM_SOCK_GRAFT] = STR("lsm/sock_graft"),
	[WIRE_HOOK_LSM_SOCKET_SENDMSG] = STR("lsm/socket_sendmsg"),
	[WIRE_HOOK_LSM_INET_CONN_ESTABLISHED] = STR("lsm/inet_conn_established"),
	[WIRE_HOOK_TP_INET_SK_ERROR_REPORT] = STR("tp_btf/inet_sk_error_report"),
	[WIRE_HOOK_TP_INET_SOCK_SET_STATE] = STR("tp_btf/inet_sock_set_state"),
	[WIRE_HOOK_TP_NET_DEV_QUEUE] = STR("tp_btf/net_dev_queue"),
};
