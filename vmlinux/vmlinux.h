/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * vmlinux.h - the kernel's own types, as far as the BPF side reads them
 * Made by scripts/gen-vmlinux from vmlinux/fields.txt and the BTF of Linux 6.18.44 (x86_64).
 * Offsets are relocated at load: only names and types matter here.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

typedef _Bool bool;
typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef int pid_t;
typedef unsigned short umode_t;

enum { false, true };

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
#endif

struct thread_info {
	unsigned int status;
};

struct hlist_node {
	struct hlist_node *next;
};

struct task_io_accounting {
	unsigned long long wchar;
};

struct task_struct {
	struct thread_info thread_info;
	int pid;
	int tgid;
	char comm[16];
	unsigned int flags;
	int exit_code;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	unsigned long long start_boottime;
	unsigned long long self_exec_id;
	struct cred *real_cred;
	struct mm_struct *mm;
	struct fs_struct *fs;
	struct files_struct *files;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
	struct pid *thread_pid;
	struct hlist_node pid_links[4];
	struct { unsigned int val; } loginuid;
	unsigned int sessionid;
	struct css_set *cgroups;
	struct task_io_accounting ioac;
};

struct signal_struct {
	struct { int counter; } live;
	unsigned int flags;
	int group_exit_code;
	struct tty_struct *tty;
	struct pid *pids[4];
};

struct tty_struct {
	char name[64];
};

struct hlist_head {
	struct hlist_node *first;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct hlist_head tasks[4];
	struct upid numbers[0];
};

struct inode {
	unsigned long i_ino;
	unsigned short i_mode;
	struct { unsigned int val; } i_uid;
	struct { unsigned int val; } i_gid;
	struct super_block *i_sb;
	unsigned int i_nlink;
	void *i_private;
	unsigned int i_rdev;
	long long i_size;
};

struct proc_inode {
	struct pid *pid;
	struct inode vfs_inode;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	struct anon_vma *anon_vma;
	struct file *vm_file;
};

struct module {
	char name[56];
	unsigned long taints;
};

struct bpf_prog {
	unsigned char tag[8];
	struct bpf_prog_aux *aux;
};

struct bpf_prog_aux {
	struct { long long counter; } refcnt;
	unsigned int id;
	char name[16];
};

struct io_kiocb {
	unsigned char opcode;
};

struct key {
	struct key_type *type;
	char *description;
};

struct key_type {
	char *name;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cred {
	struct { unsigned int val; } uid;
	struct { unsigned int val; } gid;
	struct { unsigned int val; } suid;
	struct { unsigned int val; } sgid;
	struct { unsigned int val; } euid;
	struct { unsigned int val; } egid;
	struct { unsigned int val; } fsuid;
	struct { unsigned int val; } fsgid;
	struct { unsigned long long val; } cap_inheritable;
	struct { unsigned long long val; } cap_permitted;
	struct { unsigned long long val; } cap_effective;
	struct { unsigned long long val; } cap_bset;
	struct { unsigned long long val; } cap_ambient;
	struct user_namespace *user_ns;
};

struct mm_struct {
	struct file *exe_file;
	unsigned long start_code;
	unsigned long end_code;
	unsigned long arg_start;
	unsigned long arg_end;
	unsigned long env_start;
	unsigned long env_end;
	unsigned long start_brk;
	unsigned long brk;
	unsigned long start_stack;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root;
	struct path pwd;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct { int counter; } count;
	struct fdtable *fdt;
	struct fdtable fdtab;
	struct file *fd_array[64];
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
	long long f_pos;
	void *private_data;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct mnt_namespace *mnt_ns;
};

struct seqcount {
	unsigned int sequence;
};

struct seqcount_spinlock {
	struct seqcount seqcount;
};

struct qstr {
	unsigned int hash;
	unsigned int len;
	unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct dentry {
	struct seqcount_spinlock d_seq;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct hlist_bl_node d_hash;
	struct super_block *d_sb;
};

struct super_block {
	unsigned int s_dev;
	unsigned long s_magic;
	struct dentry *s_root;
	unsigned long s_flags;
};

struct kernel_siginfo {
	int si_code;
};

struct linux_binprm {
	char *filename;
	char *interp;
	struct cred *cred;
	struct file *file;
	char buf[256];
	int argc;
	int envc;
};

struct nsproxy {
	struct uts_namespace *uts_ns;
	struct ipc_namespace *ipc_ns;
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
	struct cgroup_namespace *cgroup_ns;
};

struct ns_common {
	unsigned int inum;
};

struct uts_namespace {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct net {
	struct ns_common ns;
};

struct pid_namespace {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct cgroup {
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct kernfs_node {
	unsigned long long id;
	char *name;
};

struct in6_addr {
	union { unsigned char u6_addr8[16]; unsigned short u6_addr16[8]; unsigned int u6_addr32[4]; } in6_u;
};

struct sock_common {
	unsigned short skc_family;
	unsigned char skc_state;
	unsigned int skc_daddr;
	unsigned int skc_rcv_saddr;
	unsigned short skc_dport;
	unsigned short skc_num;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	struct { long long counter; } skc_cookie;
	unsigned long skc_flags;
};

struct sock {
	struct sock_common __sk_common;
	struct socket *sk_socket;
	unsigned short sk_type;
	unsigned short sk_protocol;
	int sk_err;
	unsigned int sk_max_ack_backlog;
};

struct inet_sock {
	unsigned short inet_sport;
};

struct inet_connection_sock {
	struct inet_sock icsk_inet;
};

struct tcp_sock {
	struct inet_connection_sock inet_conn;
	unsigned int rcv_nxt;
	unsigned long long bytes_sent;
	unsigned long long bytes_retrans;
	unsigned long long bytes_received;
	unsigned long long bytes_acked;
};

struct socket {
	struct sock *sk;
	struct file *file;
	short type;
};

struct unix_sock {
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[0];
};

struct sockaddr {
	unsigned short sa_family;
	char sa_data[0];
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};

struct sk_buff {
	struct sock *sk;
	unsigned char *head;
	unsigned int tail;
	unsigned short network_header;
	unsigned short transport_header;
};

struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long flags;
	unsigned long sp;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

enum sock_flags {
	SOCK_DONE = 1,
};

enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_LRU_HASH = 9,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_SK_STORAGE = 24,
};

enum bpf_func_id {
	BPF_FUNC_loop = 181,
	BPF_FUNC_find_vma = 180,
	BPF_FUNC_get_current_task_btf = 158,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_MMAPABLE = 1024,
	BPF_SK_STORAGE_GET_F_CREATE = 1,
	BPF_RB_NO_WAKEUP = 1,
	BPF_RB_FORCE_WAKEUP = 2,
	BPF_RB_AVAIL_DATA = 0,
	BPF_RB_RING_SIZE = 1,
};

#ifndef BPF_NO_PRESERVE_ACCESS_INDEX
#pragma clang attribute pop
#endif

#endif
