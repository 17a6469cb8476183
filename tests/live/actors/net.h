/* SPDX-License-Identifier: Apache-2.0 */
/* net.h - what the network actors share: loopback addresses, sockets, and what they are called */
#ifndef LAPWING_LIVE_NET_H
#define LAPWING_LIVE_NET_H

#include "truth.h"

/* Which of the three ways to say 127.0.0.1 and ::1. */
enum family { V4, V6, MAPPED };

/* family_of - by name: "v4", "v6", "mapped"; skips where the host has no such loopback */
enum family family_of(const char *name);

/* loopback - its address with @port (host order) */
struct sockaddr_storage loopback(enum family family, uint16_t port);

/* address - @text, which must be one of the family */
struct sockaddr_storage address(enum family family, const char *text, uint16_t port);

/* any - the address of a listener on every address */
struct sockaddr_storage any(enum family family);

/* new_socket - close-on-exec; @type is SOCK_* and flags */
int new_socket(enum family family, int type);

/* bound - a socket bound to @sa, by a bind that comes before the window */
int bound(enum family family, int type, const struct sockaddr_storage *sa);

struct sockaddr_storage name_of(int fd);
struct sockaddr_storage peer_of(int fd);
uint16_t port_of(const struct sockaddr_storage *sa);
socklen_t size_of(const struct sockaddr_storage *sa);

/* tell_net - begins the event of a deed on socket @fd: doer, transport, socket inode */
void tell_net(const char *kind, const char *transport, int fd);

#endif
