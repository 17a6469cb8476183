/* SPDX-License-Identifier: Apache-2.0 */
#include "app/sandbox.h"

#include <cap-ng.h>
#include <errno.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>

/* What the loop, a reload of rules, and the way out call; and what libc calls for them. */
static const int allowed[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(pwrite64),
	SCMP_SYS(open),
	SCMP_SYS(openat),
	SCMP_SYS(openat2),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(stat),
	SCMP_SYS(lstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(fstatfs),
	SCMP_SYS(access),
	SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2),
	SCMP_SYS(lseek),
	SCMP_SYS(getdents64),
	SCMP_SYS(readlink),
	SCMP_SYS(readlinkat),
	SCMP_SYS(fcntl),
	SCMP_SYS(ioctl),
	SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),
	SCMP_SYS(ftruncate),
	SCMP_SYS(mmap),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(mprotect),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait),
	SCMP_SYS(epoll_pwait2),
	SCMP_SYS(epoll_ctl),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(timerfd_settime),
	SCMP_SYS(timerfd_gettime),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getppid),
	SCMP_SYS(getrusage),
	SCMP_SYS(getrandom),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(futex),
	SCMP_SYS(rseq),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(wait4),
	SCMP_SYS(waitid),
	SCMP_SYS(kill),
	SCMP_SYS(tgkill),
#ifdef __SANITIZE_ADDRESS__ /* the leak check at the end runs in a thread that traces us */
	SCMP_SYS(clone),
	SCMP_SYS(ptrace),
	SCMP_SYS(prctl),
	SCMP_SYS(process_vm_readv),
	SCMP_SYS(getdents),
#endif
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(prlimit64),
};

/* What computing calls, and what libc calls for it. */
static const int allowed_rehearsal[] = {
	SCMP_SYS(read),		 SCMP_SYS(write),	   SCMP_SYS(mmap),
	SCMP_SYS(munmap),	 SCMP_SYS(mremap),	   SCMP_SYS(madvise),
	SCMP_SYS(brk),		 SCMP_SYS(rt_sigreturn),   SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),   SCMP_SYS(getrandom),
	SCMP_SYS(futex),	 SCMP_SYS(restart_syscall), SCMP_SYS(getpid),
	SCMP_SYS(gettid),	 SCMP_SYS(tgkill),	   SCMP_SYS(clock_nanosleep),
	SCMP_SYS(exit),		 SCMP_SYS(exit_group),
#ifdef __SANITIZE_ADDRESS__
	SCMP_SYS(mprotect),	 SCMP_SYS(sigaltstack),	   SCMP_SYS(sched_yield),
#endif
};

/* Beside these, what reading a file takes. */
static const int allowed_hasher[] = {
	SCMP_SYS(open),	     SCMP_SYS(openat),	SCMP_SYS(openat2), SCMP_SYS(close),
	SCMP_SYS(fstat),     SCMP_SYS(newfstatat), SCMP_SYS(nanosleep), SCMP_SYS(sched_yield),
	SCMP_SYS(mprotect),
};

/* What a spool, or a sink of files, makes, renames and removes. */
static const int allowed_files[] = {
	SCMP_SYS(rename),  SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink),
	SCMP_SYS(unlinkat), SCMP_SYS(chmod),   SCMP_SYS(fchmod),    SCMP_SYS(fallocate),
	SCMP_SYS(flock),
};

/* No listen and no accept: a sink goes to its receiver. */
static const int allowed_net[] = {
	SCMP_SYS(socket),      SCMP_SYS(connect),     SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt),  SCMP_SYS(getsockname), SCMP_SYS(getpeername),
	SCMP_SYS(sendto),      SCMP_SYS(recvfrom),    SCMP_SYS(sendmsg),
	SCMP_SYS(recvmsg),     SCMP_SYS(sendmmsg),    SCMP_SYS(recvmmsg),
	SCMP_SYS(shutdown),    SCMP_SYS(bind),	      SCMP_SYS(select),
	SCMP_SYS(pselect6),    SCMP_SYS(pipe),	      SCMP_SYS(pipe2),
	SCMP_SYS(socketpair),  SCMP_SYS(eventfd2),    SCMP_SYS(epoll_create1),
	SCMP_SYS(timerfd_create),
};

static const int allowed_threads[] = {
	SCMP_SYS(clone),    SCMP_SYS(clone3),		SCMP_SYS(set_robust_list),
	SCMP_SYS(membarrier), SCMP_SYS(sched_setaffinity), SCMP_SYS(prctl),
	SCMP_SYS(set_tid_address),
};

/* A child that locks itself in. */
static const int allowed_children[] = {
	SCMP_SYS(fork),	      SCMP_SYS(vfork),	     SCMP_SYS(setrlimit), SCMP_SYS(setpriority),
	SCMP_SYS(seccomp),    SCMP_SYS(capset),	     SCMP_SYS(capget),	  SCMP_SYS(pidfd_open),
	SCMP_SYS(mkdirat),    SCMP_SYS(mkdir),	     SCMP_SYS(dup),	  SCMP_SYS(dup3),
};

static const int allowed_listen[] = { SCMP_SYS(accept), SCMP_SYS(accept4) };

#define N(array) (sizeof(array) / sizeof((array)[0]))

static int allow(scmp_filter_ctx ctx, const int *calls, size_t n) {
	int err = 0;

	for (size_t i = 0; i < n && !err; i++) {
		err = seccomp_rule_add(ctx, SCMP_ACT_ALLOW, calls[i], 0);
		/* a call that this architecture does not have needs no leave */
		if (err == -EDOM || err == -EFAULT)
			err = 0;
	}
	return err;
}

/* Beside the bits of sandbox.h. */
enum { SANDBOX_LOOP = 1 << 16, SANDBOX_REHEARSAL = 1 << 17, SANDBOX_HASHER = 1 << 18 };

static int filter_calls(uint32_t needs) {
	static const struct {
		uint32_t need;
		const int *calls;
		size_t n;
	} sets[] = {
		{ SANDBOX_LOOP, allowed, N(allowed) },
		{ SANDBOX_REHEARSAL, allowed_rehearsal, N(allowed_rehearsal) },
		{ SANDBOX_HASHER, allowed_hasher, N(allowed_hasher) },
		{ SANDBOX_FILES, allowed_files, N(allowed_files) },
		{ SANDBOX_NET, allowed_net, N(allowed_net) },
		{ SANDBOX_THREADS, allowed_threads, N(allowed_threads) },
		{ SANDBOX_CHILDREN, allowed_children, N(allowed_children) },
		{ SANDBOX_LISTEN, allowed_listen, N(allowed_listen) },
	};
	scmp_filter_ctx ctx = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err = 0;

	if (!ctx)
		return -ENOMEM;
	for (size_t i = 0; i < N(sets) && !err; i++)
		if (needs & sets[i].need)
			err = allow(ctx, sets[i].calls, sets[i].n);
	if (!err)
		err = seccomp_load(ctx);
	seccomp_release(ctx);
	return err;
}

/* keep_capabilities - of those held, the @n of @keep, and none besides */
static int keep_capabilities(const unsigned *keep, int n) {
	bool held[2], may_bound;

	if (capng_get_caps_process())
		return -EPERM;
	for (int i = 0; i < n; i++)
		held[i] = capng_have_capability(CAPNG_PERMITTED, keep[i]);
	may_bound = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP);
	capng_clear(CAPNG_SELECT_BOTH);
	for (int i = 0; i < n; i++)
		if (held[i])
			(void)capng_update(CAPNG_ADD,
					   (capng_type_t)(CAPNG_EFFECTIVE | CAPNG_PERMITTED),
					   keep[i]);
	/* without CAP_SETPCAP the bounding set is as whoever started us left it */
	if (may_bound && capng_apply(CAPNG_SELECT_BOUNDS))
		return -EPERM;
	if (capng_apply(CAPNG_SELECT_CAPS))
		return -EPERM;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ? -errno : 0;
}

int sandbox_enter(bool spool) {
	static const unsigned keep[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	int err = keep_capabilities(keep, 2);

	return err ? err : filter_calls(SANDBOX_LOOP | (spool ? SANDBOX_FILES : 0));
}

int sandbox_hasher(void) {
	static const unsigned keep[] = { CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH };
	int err = keep_capabilities(keep, 2);

	return err ? err : filter_calls(SANDBOX_REHEARSAL | SANDBOX_HASHER);
}

int sandbox_rehearsal(void) {
	int err = keep_capabilities(NULL, 0);

	return err ? err : filter_calls(SANDBOX_REHEARSAL);
}

int sandbox_courier(uint32_t needs) {
	int err = keep_capabilities(NULL, 0);

	return err ? err : filter_calls(SANDBOX_LOOP | needs);
}

int sandbox_pacer(void) {
	return keep_capabilities(NULL, 0);
}

int sandbox_updater(void) {
	return sandbox_courier(SANDBOX_FILES | SANDBOX_NET | SANDBOX_THREADS | SANDBOX_CHILDREN);
}
