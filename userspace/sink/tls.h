/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - OpenSSL set up in one place, for both ends of a connection
 */
#ifndef LAPWING_TLS_H
#define LAPWING_TLS_H

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>

struct tls_files {
	const char *ca;		/* PEM certificates to trust; NULL: the system's */
	const char *cert, *key; /* our own; NULL: none */
	bool unchecked;		/* the other side's certificate is not looked at */
};

/*
 * tls_context - a context of TLS 1.2 or newer
 * @server: shows @f->cert, and asks for a client's certificate if @f->ca is given
 * -EINVAL (a file that is not what it should be), -errno, and @why, a sentence of at most @n bytes.
 */
int tls_context(const struct tls_files *f, bool server, SSL_CTX **ret, char *why, size_t n);

/* tls_check - whether a client's @f are what they should be, for who loads them later; likewise */
int tls_check(const struct tls_files *f, char *why, size_t n);

/* tls_why - what OpenSSL, or the check of the other side's certificate, says of the last failure */
void tls_why(SSL *ssl, char *why, size_t n);

#endif
