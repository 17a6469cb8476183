/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h - a few pages over HTTP, for a few clients
 *
 * libmicrohttpd does it, opened by name so that a process without a server does not map it. One
 * thread, SERVER_CLIENTS connections for each address, 16 KiB for each, 5 s of silence, and 10 s
 * for all of a connection: who has not had their answer by then is cut off, and sooner who has been
 * there for the longest time when one more comes.
 */
#ifndef LAPWING_HEALTH_SERVER_H
#define LAPWING_HEALTH_SERVER_H

#include "base/buf.h"

#define SERVER_CLIENTS 16
#define SERVER_LISTENERS 2

struct server;

/*
 * What a client gets for @path: the status, such as 200, with @body appended, and @type
 * (static). It is called for GET and HEAD.
 */
typedef unsigned (*server_answer)(void *ctx, const char *path, struct buf *body, const char **type);

/* server_new - -ENOENT: the library is not installed; @why is one sentence, static */
int server_new(server_answer answer, void *ctx, struct server **ret, const char **why);

/* server_listen - also for those who connect to @fd, a listening socket, which becomes its own */
int server_listen(struct server *s, int fd);

/* server_run - until @alive can be read or its other end is closed; -errno */
int server_run(struct server *s, int alive);

void server_free(struct server *s); /* NULL is fine */

#endif
