/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connects through io_uring, without the system call connect(2): by this thread
 * ("inline"), or by a worker that the kernel makes for it ("worker"), which is a
 * thread of this process.
 */
#include "net.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *map(int ring, size_t n, off_t what) {
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, what);

	if (p == MAP_FAILED)
		die("mmap of a ring");
	return p;
}

/* One request, waited for; what it gave. */
static int request(int ring, const struct io_uring_params *p, const struct io_uring_sqe *what) {
	char *sq = map(ring, p->sq_off.array + p->sq_entries * sizeof(__u32), IORING_OFF_SQ_RING);
	char *cq = map(ring, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe),
		       IORING_OFF_CQ_RING);
	struct io_uring_sqe *sqe = map(ring, p->sq_entries * sizeof(*sqe), IORING_OFF_SQES);
	const struct io_uring_cqe *cqe = (const void *)(cq + p->cq_off.cqes);

	sqe[0] = *what;
	*(__u32 *)(sq + p->sq_off.array) = 0;
	__atomic_store_n((__u32 *)(sq + p->sq_off.tail), 1, __ATOMIC_RELEASE);
	if (syscall(SYS_io_uring_enter, ring, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) != 1)
		die("io_uring_enter");
	if (!__atomic_load_n((__u32 *)(cq + p->cq_off.tail), __ATOMIC_ACQUIRE))
		die("nothing came back");
	return cqe->res;
}

int main(int argc, char **argv) {
	enum family family = family_of(argc > 1 ? argv[1] : "v4");
	bool worker = argc > 2 && !strcmp(argv[2], "worker");
	struct sockaddr_storage at = loopback(family, 0), from;
	int listener = bound(family, SOCK_STREAM, &at), fd = new_socket(family, SOCK_STREAM), ring;
	struct io_uring_params p = { 0 };
	struct io_uring_sqe sqe = { .opcode = IORING_OP_CONNECT, .fd = fd };
	int error;

	at = name_of(listener);
	if (listen(listener, 4))
		die("listen");
	ring = (int)syscall(SYS_io_uring_setup, 1, &p);
	if (ring < 0)
		skip("no io_uring here: %s", strerror(errno));
	sqe.flags = worker ? IOSQE_ASYNC : 0;
	sqe.addr = (uintptr_t)&at;
	sqe.off = size_of(&at);
	truth_window();
	deed_start();
	error = request(ring, &p, &sqe);
	deed_stop(false);
	if (error)
		die("connect by io_uring: %s", strerror(-error));
	from = name_of(fd);
	tell_net("NET_CONNECT", "TCP", fd);
	if (worker) /* its number is nobody's to know */
		put_range("process.tid", 1, UINT32_MAX);
	put_str("outcome", "SUCCEEDED");
	put_address("net.source", &from);
	put_address("net.destination", &at);
	put_bool("net.initiated", true);
	truth_close();
	truth_window();
	return 0;
}
