/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * wire_net.h - the part of wire.h that tells of sockets; included there and nowhere else
 */
#ifndef LAPWING_WIRE_NET_H
#define LAPWING_WIRE_NET_H

struct wire_net {
	struct wire_header head;
	__u64 socket_inode;
	__u64 cookie;	  /* of the socket, where a later record of it is nobody's; 0: not needed */
	__u64 latency_ns; /* connect: from attempt to outcome; 0: no outcome yet */
	__u8 local[16]; /* IPv4 as ::ffff:a.b.c.d */
	__u8 remote[16];
	__u16 local_port; /* host order */
	__u16 remote_port;
	__u16 protocol; /* IPPROTO_* */
	__u16 backlog;
};
_Static_assert(sizeof(struct wire_net) == 128, "wire_net");

/* Who began a conversation: not known, the local end, or the remote one. */
enum wire_direction { WIRE_ANY = 0, WIRE_OUT = 1, WIRE_IN = 2 };

/* A conversation that is over. */
struct wire_net_close {
	struct wire_net net;
	__u64 duration_ns;    /* 0: not known */
	__u64 sent_bytes;     /* each counted once, however often it was sent */
	__u64 received_bytes; /* by the kernel, whether or not the process read them */
	__u32 direction;      /* enum wire_direction */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_net_close) == 160, "wire_net_close");

/* What memory is of; numbers are those of lapwing.v1.Memory. */
enum wire_memory {
	WIRE_MEMORY_UNKNOWN = 0,
	WIRE_MEMORY_ANONYMOUS = 1,
	WIRE_MEMORY_FILE = 2,
	WIRE_MEMORY_HEAP = 3,
	WIRE_MEMORY_STACK = 4,
};

/* Code that goes where it should not. What a kind does not use is 0. */
struct wire_inject {
	struct wire_header head;
	__u64 target_start_ns; /* of the group leader */
	__u64 address;
	__u64 bytes;
	struct wire_path path; /* of the file that is mapped */
	struct wire_str name;  /* memfd */
	__u32 target_tgid;     /* 0: not known */
	__u32 call;	       /* number of the system call; 0: not known (0 is read(2)) */
	__u32 request;	       /* ptrace: what is asked for; pidfd_getfd: the descriptor there */
	__u32 protection;      /* PROT_* that it is to have */
	__u32 old_protection;  /* and had; LSM only */
	__u32 memory;	       /* enum wire_memory */
	__u32 flags;	       /* of memfd_create */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_inject) == 136, "wire_inject");

/* A change to the kernel itself, or to what a process sees of it. What a kind does not use is 0. */
struct wire_kernel {
	struct wire_header head;
	__u64 target_start_ns; /* cgroup: who was moved */
	__u64 cgroup_id;
	__u64 flags;	       /* module: its taints; namespace: CLONE_NEW*; io_uring: its set-up */
	struct wire_path path; /* of the file that a module or a kernel came from */
	struct wire_str name;  /* module, program, key, cgroup (a path) */
	struct wire_str detail; /* key: its type; bpf: the tracepoint */
	__u32 target_tgid;
	__u32 id;	/* bpf: of the program */
	__u32 type;	/* bpf: of the program; io_uring: opcode; lockdown: bpf/kernel_calls.h */
	__u32 command;	/* bpf: of the call */
	__u32 attach;	/* bpf: type of attachment */
	__u32 entries;	/* io_uring: of the submission queue */
	__u32 signature; /* module: 1 it has a good one, 2 it has none, 0 not known */
	__u32 ns_mnt, ns_pid, ns_net, ns_user, ns_uts, ns_ipc, ns_cgroup, ns_tgid;
	__u8 tag[8];	/* bpf: of the program */
};
_Static_assert(sizeof(struct wire_kernel) == 176, "wire_kernel");

/* A socket of a family, type or protocol that few programs need. */
struct wire_net_socket {
	struct wire_header head;
	__u64 socket_inode; /* 0: it has none yet */
	__u32 family;	    /* AF_* */
	__u32 type;	    /* SOCK_*, without flags */
	__u32 protocol;
	__u32 pad;
};
_Static_assert(sizeof(struct wire_net_socket) == 88, "wire_net_socket");

/* A connect to a socket of this host; it has a path, or a name without one. */
struct wire_net_unix {
	struct wire_header head;
	__u64 socket_inode;
	struct wire_path path;
	struct wire_str name; /* any bytes, NULs too */
	__u32 type;	      /* SOCK_* */
	__u32 pad;
};
_Static_assert(sizeof(struct wire_net_unix) == 96, "wire_net_unix");

#define WIRE_DNS_BYTES 1232 /* of a payload are copied: what resolvers ask for at most */

/* A datagram from or to port 53. */
struct wire_dns {
	struct wire_net net;
	__u32 bytes; /* of the payload, as it was sent */
	struct wire_str payload;
};
_Static_assert(sizeof(struct wire_dns) == 136, "wire_dns");

#endif
