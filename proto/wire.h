/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire.h - the bytes that a hook sends to user space
 *
 * Rules: natural alignment, widest first, explicit zeroed padding (-Wpadded is
 * an error here), a size assert for each struct, no enum, bool, pointer or
 * size_t members. Kinds are small integers, 0 is invalid. Strings stand behind
 * the struct and are named by { off, len } from the record's start. A record is
 * at most WIRE_MAX_BYTES long, an exec with long arguments WIRE_RECORD_BYTES.
 *
 * The same bytes are what a tape holds (userspace/probe/tape.h), so a change
 * here changes WIRE_VERSION.
 */
#ifndef LAPWING_WIRE_H
#define LAPWING_WIRE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#define WIRE_VERSION 7

#define WIRE_MAX_BYTES 20480
#define WIRE_ARGS_BYTES 4096	/* of arguments, that a record of WIRE_MAX_BYTES holds */
#define WIRE_ARGS_WHOLE 131072	/* of arguments, that any record holds */
#define WIRE_RECORD_BYTES (WIRE_MAX_BYTES + WIRE_ARGS_WHOLE)
#define WIRE_PATH_BYTES 4096

#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Wpadded"

/* Numbers are those of lapwing.v1.Kind in event.proto, and for ever. */
enum wire_kind {
	WIRE_INVALID = 0,
	WIRE_PROCESS_FORK = 1,
	WIRE_PROCESS_EXEC = 2,
	WIRE_PROCESS_EXIT = 3,
	WIRE_PROCESS_CENSUS = 4,
	WIRE_PROCESS_SIGNAL = 5,
	WIRE_PROCESS_CREDENTIALS = 6,
	WIRE_PROCESS_SESSION = 7,
	WIRE_PROCESS_COREDUMP = 8,
	WIRE_PROCESS_SCRIPT = 9,
	WIRE_PROCESS_HASH = 10,
	WIRE_FILE_CREATE = 16,
	WIRE_FILE_OPEN = 17,
	WIRE_FILE_RENAME = 18,
	WIRE_FILE_UNLINK = 19,
	WIRE_FILE_CHMOD = 20,
	WIRE_FILE_CHOWN = 21,
	WIRE_FILE_LINK = 22,
	WIRE_FILE_SYMLINK = 23,
	WIRE_FILE_READ = 24,
	WIRE_FILE_MAP = 25,
	WIRE_FILE_TRUNCATE = 26,
	WIRE_FILE_MKDIR = 27,
	WIRE_FILE_RMDIR = 28,
	WIRE_FILE_MKNOD = 29,
	WIRE_FILE_SETXATTR = 30,
	WIRE_FILE_REMOVEXATTR = 31,
	WIRE_NET_CONNECT = 32,
	WIRE_NET_ACCEPT = 33,
	WIRE_NET_BIND = 34,
	WIRE_NET_LISTEN = 35,
	WIRE_NET_SEND = 36,
	WIRE_NET_CLOSE = 37,
	WIRE_NET_DNS = 38,
	WIRE_NET_SOCKET = 39,
	WIRE_NET_UNIX = 40,
	WIRE_HOST_START = 48,
	WIRE_HOST_CLOCK = 49,
	WIRE_HOST_USER = 50,
	WIRE_HOST_LOSS = 51,
	WIRE_HOST_STOP = 52,
	WIRE_HOST_FOLD = 53,
	WIRE_HOST_COVERAGE = 54,
	WIRE_HOST_LOG = 55,
	WIRE_HOST_HEARTBEAT = 56,
	WIRE_HOST_CONTENT = 57,
	WIRE_HOST_LIMIT = 58,
	WIRE_HOST_CONTAINER = 59,
	WIRE_HOST_FILE = 60,
	WIRE_FILE_MOUNT = 64,
	WIRE_FILE_UMOUNT = 65,
	WIRE_FILE_MOVE_MOUNT = 66,
	WIRE_FILE_PIVOT_ROOT = 67,
	WIRE_FILE_CLOSE = 68,
	WIRE_INJECT_PTRACE = 88,
	WIRE_INJECT_VM_WRITE = 89,
	WIRE_INJECT_VM_READ = 90,
	WIRE_INJECT_MEM_OPEN = 91,
	WIRE_INJECT_GETFD = 92,
	WIRE_INJECT_EXECUTABLE = 93,
	WIRE_INJECT_MEMFD = 94,
	WIRE_INJECT_USERFAULTFD = 95,
	WIRE_KERNEL_MODULE_LOAD = 104,
	WIRE_KERNEL_MODULE_UNLOAD = 105,
	WIRE_KERNEL_BPF_LOAD = 106,
	WIRE_KERNEL_BPF_ATTACH = 107,
	WIRE_KERNEL_KEXEC = 108,
	WIRE_KERNEL_NAMESPACE = 109,
	WIRE_KERNEL_CGROUP = 110,
	WIRE_KERNEL_KEY = 111,
	WIRE_KERNEL_LOCKDOWN = 112,
	WIRE_KERNEL_IO_URING = 113,
	WIRE_KERNEL_IO_REQUEST = 114,
	WIRE_KIND_MAX = 128,
};

/* The sensor's own life: no hook tells it, and it is nobody's deed. */
#define WIRE_KIND_IS_HOST(kind) ((kind) / 16 == WIRE_HOST_START / 16)

/* What a process is, on which all that it does depends: never limited (bpf/limit.h). */
#define WIRE_KIND_IS_LIFE(kind)                                                                    \
	((kind) == WIRE_PROCESS_FORK || (kind) == WIRE_PROCESS_EXEC ||                             \
	 (kind) == WIRE_PROCESS_EXIT || (kind) == WIRE_PROCESS_CENSUS)

/* Whose budget of deeds in a second was used up. */
enum wire_limit {
	WIRE_LIMIT_PROCESS = 0,
	WIRE_LIMIT_CGROUP = 1,
	WIRE_LIMIT_MAX = 2,
};

/* Why a record did not reach the ring; indexes the counters of bpf/maps.h. */
enum wire_loss {
	WIRE_LOSS_RING_FULL = 0, /* the ring had no room */
	WIRE_LOSS_NO_SLOT = 1,	 /* every scratch slot of the CPU was taken */
	WIRE_LOSS_RESERVED = 2,	 /* what room the ring had is for WIRE_KIND_IS_LIFE */
	WIRE_LOSS_MALFORMED = 3, /* it arrived, and could not be decoded; counted by user space */
	WIRE_LOSS_NOT_RUN = 4,	 /* the kernel skipped a hook that interrupted itself; kind 0 */
	WIRE_LOSS_MAX = 5,
};

enum wire_outcome {
	WIRE_ATTEMPTED = 1,
	WIRE_SUCCEEDED = 2,
	WIRE_FAILED = 3,
};

/* wire_header.flags */
#define WIRE_ARGS_CUT (1u << 0)
#define WIRE_ARGS_UNREADABLE (1u << 1)
#define WIRE_PATH_CUT (1u << 2)
#define WIRE_PATH_RACY (1u << 3)       /* a path's text came from user memory */
#define WIRE_FILE_UNRESOLVED (1u << 4) /* ino, dev, mode, uid, gid are not filled */
#define WIRE_FILE_LATE (1u << 5)       /* they were filled by user space, after the deed */
#define WIRE_ADDRESS_RACY (1u << 6)    /* an address came from user memory */
#define WIRE_NO_TASK (1u << 7)	       /* tgid, tid, start_ns and ids are not the doer's */
#define WIRE_OLD_UNKNOWN (1u << 8)     /* what was before the deed could not be seen any more */
#define WIRE_RETOLD (1u << 9)	       /* the outcome of an attempt that was told before */
#define WIRE_ENV_CUT (1u << 10)	       /* not all of an environment was looked at, or told */
#define WIRE_ENV_UNREADABLE (1u << 11)
#define WIRE_FILE_GUESSED (1u << 12) /* how much was written is not sure */
#define WIRE_LENGTH_UNKNOWN (1u << 13) /* what length was asked for could not be seen */
#define WIRE_ENV_SKIPPED (1u << 14) /* a static program's environment was not looked at */

struct wire_header {
	__u64 ts_ns;	/* CLOCK_BOOTTIME when the hook began; of a fork start_ns, just before */
	__u64 seq;	/* per CPU, counts every attempt to send, lost ones too */
	__u64 start_ns; /* group leader's start_boottime */
	__u32 tgid;
	__u32 tid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 len; /* of the whole record, this header included */
	__u32 flags;
	__u16 cpu;
	__u8 kind;    /* enum wire_kind */
	__u8 outcome; /* enum wire_outcome */
	__u16 hook;   /* enum wire_hook */
	__u16 error;  /* errno, when outcome is WIRE_FAILED */
	__u32 execs;  /* of the process and those it comes from: each exec is one; 0: not told */
};
_Static_assert(sizeof(struct wire_header) == 64, "wire_header");

struct wire_str {
	__u16 off; /* from the start of the record; 0 is "absent" */
	__u16 len;
};

struct wire_bytes {
	__u32 off; /* from the start of the record; 0 is "absent" */
	__u32 len;
};

/*
 * A path as the kernel's dentries give it: its components from the leaf up,
 * each followed by a NUL ("passwd\0etc\0" is /etc/passwd). An absolute path ends
 * at the root of its mount namespace; WIRE_PATH_BARE marks one that ends in a
 * dentry that hangs nowhere (a memfd, a pipe). @tail is text below the path,
 * given by the process itself ("../x", "b/c"), in which case the dentries are
 * those of the directory that it is relative to.
 */
struct wire_path {
	__u16 off;
	__u16 len;
	__u16 tail_off;
	__u16 tail_len;
	__u16 flags;
	__u16 pad;
};
#define WIRE_PATH_BARE 1u    /* above the last component is nothing, or nothing is known */
#define WIRE_PATH_DELETED 2u /* the dentry was unhashed */

/* Which namespaces a task is in; 0: not told. */
struct wire_spaces {
	__u32 ns_mnt, ns_pid, ns_net, ns_user, ns_uts, ns_ipc, ns_cgroup;
	__u32 ns_tgid; /* its number in the innermost of ns_pid */
};

/* What exec and the census say of a task. */
struct wire_task {
	__u64 parent_start_ns; /* of the real parent's group leader */
	__u64 cap_effective, cap_permitted, cap_inheritable, cap_bounding, cap_ambient;
	__u64 cgroup_id;
	__u32 parent_tgid;
	__u32 egid, suid, sgid, fsuid, fsgid;
	__u32 login_uid, login_session;
	__u32 session, group;
	struct wire_spaces spaces;
	char comm[16];
};
_Static_assert(sizeof(struct wire_task) == 144, "wire_task");

/* An inode: who it is, whose, and how it may be used. */
struct wire_inode {
	__u64 ino;
	__u64 layer_ino; /* with WIRE_LAYER_UPPER or LOWER: of the file below */
	__u32 dev; /* the kernel's own form: major << 20 | minor */
	__u32 mode;
	__u32 uid;
	__u32 gid;
	__u32 links;
	__u32 layer; /* WIRE_LAYER_*; 0: it is not on overlayfs, or nobody has looked */
	__u32 layer_dev;
	__u32 pad;
};
_Static_assert(sizeof(struct wire_inode) == 48, "wire_inode");
#define WIRE_LAYER_UPPER 1u   /* made or changed since the layers were put together */
#define WIRE_LAYER_LOWER 2u   /* as it came with them */
#define WIRE_LAYER_UNKNOWN 3u /* on overlayfs, and this kernel does not say */

/* The child; its parent is the actor, and what is not told here the child has from it. */
struct wire_process_fork {
	struct wire_header head;      /* of the child */
	__u64 parent_start_ns;	      /* of the parent's group leader */
	__u64 clone_flags;	      /* CLONE_*, uapi/linux/sched.h */
	__u64 cgroup_id;
	struct wire_spaces spaces;
	__u32 parent_tgid;
	__u32 pad;
	char comm[16];
};
_Static_assert(sizeof(struct wire_process_fork) == 144, "wire_process_fork");

/* An open file as a process has it at 0, 1 or 2. */
struct wire_stream {
	__u32 mode; /* inode::i_mode, with WIRE_STREAM_OPEN; 0: the descriptor is closed */
	__u32 rdev; /* of a device: major << 20 | minor */
};
#define WIRE_STREAM_OPEN (1u << 16)
#define WIRE_STREAMS 3

struct wire_process_exec {
	struct wire_header head;
	struct wire_task task;
	struct wire_inode exe_inode;
	struct wire_path exe;
	struct wire_path cwd;
	struct wire_path cgroup;  /* below the cgroup root; empty is the root */
	struct wire_bytes args;	  /* NUL separated; with WIRE_ARGS_CUT the head and then the tail */
	struct wire_str filename; /* linux_binprm::filename */
	struct wire_str interp;	  /* linux_binprm::interp */
	struct wire_str tty;
	__u32 args_bytes; /* arg_end - arg_start */
	__u32 args_head;  /* of args.len, what is the head; past it is the tail */
	struct wire_stream streams[WIRE_STREAMS];
	__u32 place; /* WIRE_EXE_*, of the executable's file system */
	struct wire_str env; /* the variables that were asked for, NUL separated */
	__u64 exe_ctime_ns;  /* when the executable's inode was last changed; 0: not told */
	__u64 exe_size;
	__u32 exe_magic; /* which file system it is on: super_block::s_magic */
	__u32 pad;
};
#define WIRE_EXE_TMPFS 1u  /* it lies in memory only: tmpfs, ramfs */
#define WIRE_EXE_MEMORY 2u /* and nowhere in a tree: memfd_create(2) */
_Static_assert(sizeof(struct wire_process_exec) == 376, "wire_process_exec");

/*
 * What became of the hash of an exec that had to be waited for; made by user space. Behind it
 * stands that exec's record, and the event tells of it once more.
 */
struct wire_process_hash {
	struct wire_header head;
};

struct wire_process_exit {
	struct wire_header head;
	__u32 code; /* as wait(2) gives it: status << 8 | core << 7 | signal */
	__u32 pad;
};

/* A signal to another process, or one that ends its receiver with a core dump. */
struct wire_process_signal {
	struct wire_header head;
	__u64 target_start_ns; /* group leader's start_boottime */
	__u64 address;	       /* siginfo::si_addr of a fault; core dump only */
	__u32 target_tgid;     /* 0: none, as of a core dump */
	__u32 number;
	__u32 code; /* siginfo::si_code, two's complement */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_process_signal) == 96, "wire_process_signal");

struct wire_ids {
	__u64 cap_effective, cap_permitted, cap_inheritable, cap_ambient;
	__u32 uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
};

struct wire_process_credentials {
	struct wire_header head;
	struct wire_ids old; /* meaningless with WIRE_OLD_UNKNOWN */
	struct wire_ids new;
};
_Static_assert(sizeof(struct wire_process_credentials) == 192, "wire_process_credentials");

/* A file that begins with #!, before its interpreter takes its place. */
struct wire_process_script {
	struct wire_header head;
	struct wire_inode inode;
	struct wire_path path;
	struct wire_str filename; /* linux_binprm::filename */
	struct wire_str interp;	  /* linux_binprm::interp, of an interpreter that is a script */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_process_script) == 136, "wire_process_script");

struct wire_process_session {
	struct wire_header head;
	__u32 session;
	__u32 group;
};

struct wire_file {
	struct wire_header head;
	struct wire_inode inode;
	__u64 value; /* truncate: the new length; setxattr: bytes of the value; mount: MS_ flags;
			rename: RENAME_ flags;
			map: WIRE_EXPOSED_*; close: bytes written */
	__u64 size;	/* close: of the file */
	__u64 old_size; /* close: when it was opened */
	struct wire_path path;
	struct wire_path old_path; /* rename, link, move_mount, pivot_root: the other name */
	struct wire_str target;	   /* symlink; mount: what, as it was given */
	struct wire_str name;	   /* of an extended attribute; mount: of the type of file system */
	__u32 flags;		   /* open flags; for late look-ups: AT_SYMLINK_NOFOLLOW */
	__u32 new_mode;
	__u32 new_uid; /* ~0: left as it was */
	__u32 new_gid;
	__u32 new_dev; /* mknod: as user space writes it */
	__u32 ns_mnt;  /* where the path holds, if the inode is to be looked up; else 0 */
};
_Static_assert(sizeof(struct wire_file) == 192, "wire_file");
#define WIRE_EXPOSED_MEMORY 1u	 /* it lies in no tree: memfd_create(2), shared memory */
#define WIRE_EXPOSED_TMPFS 2u	 /* its file system is memory only */
#define WIRE_EXPOSED_UNLINKED 4u /* it has no name any more */
#define WIRE_EXPOSED_OWNER 8u	 /* it is not root's */
#define WIRE_EXPOSED_WRITABLE 16u /* others, or a group that is not root's, may write to it */
#define WIRE_EXPOSED_FOLDER 32u	 /* the same of a folder above it, or that is not root's */
#define WIRE_EXPOSED_DEEP 64u	 /* not all folders above it were looked at */

#include "wire_net.h"

#include "wire_host.h"

#pragma GCC diagnostic pop

/*
 * The hook that made a record; userspace/decode/hook.c has the names. Append
 * only: tapes hold these numbers.
 */
enum wire_hook {
	WIRE_HOOK_NONE = 0, /* made by user space */
	WIRE_HOOK_TP_FORK = 1,
	WIRE_HOOK_TP_EXEC = 2,
	WIRE_HOOK_TP_EXIT = 3,
	WIRE_HOOK_ITER_TASK = 4,
	WIRE_HOOK_LSM_FILE_OPEN = 5,
	WIRE_HOOK_LSM_PATH_RENAME = 6,
	WIRE_HOOK_LSM_PATH_UNLINK = 7,
	WIRE_HOOK_LSM_PATH_CHMOD = 8,
	WIRE_HOOK_LSM_PATH_CHOWN = 9,
	WIRE_HOOK_LSM_PATH_LINK = 10,
	WIRE_HOOK_LSM_PATH_SYMLINK = 11,
	WIRE_HOOK_TP_SYS_EXIT = 12,
	WIRE_HOOK_LSM_SOCKET_CONNECT = 13,
	WIRE_HOOK_LSM_SOCKET_BIND = 14,
	WIRE_HOOK_LSM_SOCKET_LISTEN = 15,
	WIRE_HOOK_LSM_SOCK_GRAFT = 16,
	WIRE_HOOK_LSM_SOCKET_SENDMSG = 17,
	WIRE_HOOK_LSM_INET_CONN_ESTABLISHED = 18,
	WIRE_HOOK_TP_INET_SK_ERROR_REPORT = 19,
	WIRE_HOOK_TP_INET_SOCK_SET_STATE = 20,
	WIRE_HOOK_TP_NET_DEV_QUEUE = 21,
	WIRE_HOOK_LSM_TASK_KILL = 22,
	WIRE_HOOK_TP_SIGNAL_GENERATE = 23,
	WIRE_HOOK_TP_SIGNAL_DELIVER = 24,
	WIRE_HOOK_LSM_TASK_FIX_SETUID = 25,
	WIRE_HOOK_LSM_TASK_FIX_SETGID = 26,
	WIRE_HOOK_LSM_CAPSET = 27,
	WIRE_HOOK_FEXIT_KSYS_SETSID = 28,
	WIRE_HOOK_TP_TCP_RETRANSMIT_SKB = 29,
	WIRE_HOOK_TP_TCP_DESTROY_SOCK = 30,
	WIRE_HOOK_TP_NEWTASK = 31,
	WIRE_HOOK_LSM_PTRACE_ACCESS_CHECK = 32,
	WIRE_HOOK_LSM_FILE_MPROTECT = 33,
	WIRE_HOOK_LSM_MMAP_FILE = 34,
	WIRE_HOOK_LSM_INODE_INIT_SECURITY_ANON = 35,
	WIRE_HOOK_FEXIT_MEMFD_CREATE = 36,
	WIRE_HOOK_TP_MODULE_LOAD = 37,
	WIRE_HOOK_TP_MODULE_FREE = 38,
	WIRE_HOOK_LSM_BPF_PROG = 39,
	WIRE_HOOK_LSM_BPF = 40,
	WIRE_HOOK_LSM_KERNEL_READ_FILE = 41,
	WIRE_HOOK_LSM_KERNEL_LOAD_DATA = 42,
	WIRE_HOOK_FEXIT_UNSHARE = 43,
	WIRE_HOOK_FEXIT_SETNS = 44,
	WIRE_HOOK_TP_CGROUP_ATTACH_TASK = 45,
	WIRE_HOOK_LSM_KEY_ALLOC = 46,
	WIRE_HOOK_FEXIT_SECURITY_LOCKED_DOWN = 47,
	WIRE_HOOK_TP_IO_URING_CREATE = 48,
	WIRE_HOOK_TP_IO_URING_SUBMIT_REQ = 49,
	WIRE_HOOK_FENTRY_SECURITY_FILE_OPEN = 50,
	WIRE_HOOK_TP_TCP_SEND_RESET = 51,
	WIRE_HOOK_FENTRY_IP_SEND_SKB = 52,
	WIRE_HOOK_FENTRY_IP6_SEND_SKB = 53,
	WIRE_HOOK_FENTRY_SKB_CONSUME_UDP = 54,
	WIRE_HOOK_LSM_SOCKET_POST_CREATE = 55,
	WIRE_HOOK_LSM_UNIX_STREAM_CONNECT = 56,
	WIRE_HOOK_FENTRY_UDP_DESTROY_SOCK = 57,
	WIRE_HOOK_FENTRY_UDPV6_DESTROY_SOCK = 58,
	WIRE_HOOK_LSM_PATH_TRUNCATE = 59,
	WIRE_HOOK_LSM_FILE_TRUNCATE = 60,
	WIRE_HOOK_LSM_PATH_MKDIR = 61,
	WIRE_HOOK_LSM_PATH_RMDIR = 62,
	WIRE_HOOK_LSM_PATH_MKNOD = 63,
	WIRE_HOOK_LSM_INODE_SETXATTR = 64,
	WIRE_HOOK_LSM_INODE_REMOVEXATTR = 65,
	WIRE_HOOK_LSM_SB_MOUNT = 66,
	WIRE_HOOK_LSM_SB_UMOUNT = 67,
	WIRE_HOOK_LSM_MOVE_MOUNT = 68,
	WIRE_HOOK_LSM_SB_PIVOTROOT = 69,
	WIRE_HOOK_LSM_BPRM_COMMITTING_CREDS = 70,
	WIRE_HOOK_TP_SCHED_PREPARE_EXEC = 71,
	WIRE_HOOK_LSM_BPRM_CHECK_SECURITY = 72,
	WIRE_HOOK_FENTRY_MNT_PUT_WRITE_ACCESS = 73,
	WIRE_HOOK_FENTRY_MNT_DROP_WRITE = 74,
	WIRE_HOOK_FENTRY_TCP_DISCONNECT = 75,
	WIRE_HOOK_FENTRY_BPRM_CHANGE_INTERP = 76,
	WIRE_HOOK_MAX = 77,
};

#endif
