/* SPDX-License-Identifier: Apache-2.0 */
#include "sink/tls.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <unistd.h>

static void last_error(char *why, size_t n) {
	unsigned long e = ERR_peek_last_error();
	const char *reason = e ? ERR_reason_error_string(e) : NULL;

	(void)snprintf(why, n, "%s", reason ? reason : "the connection was closed");
	ERR_clear_error();
}

void tls_why(SSL *ssl, char *why, size_t n) {
	long verdict = SSL_get_verify_result(ssl);

	if (verdict == X509_V_OK) {
		last_error(why, n);
		return;
	}
	(void)snprintf(why, n, "its certificate is refused: %s",
		       X509_verify_cert_error_string(verdict));
	ERR_clear_error();
}

/* bad_file - no -EINVAL: who renews them may be half-way, and a start is to be tried again */
static int bad_file(const char *what, const char *path, char *why, size_t n) {
	char reason[128];
	int err = access(path, R_OK) ? -errno : -EBADMSG;

	last_error(reason, sizeof(reason));
	if (err == -EBADMSG)
		(void)snprintf(why, n, "\"%.100s\" is no %s: %.80s", path, what, reason);
	else
		(void)snprintf(why, n, "the %s \"%.120s\" cannot be read", what, path);
	return err;
}

static int load(SSL_CTX *ctx, const struct tls_files *f, char *why, size_t n) {
	if (f->ca && SSL_CTX_load_verify_locations(ctx, f->ca, NULL) != 1)
		return bad_file("file of PEM certificates", f->ca, why, n);
	if (!f->ca)
		(void)SSL_CTX_set_default_verify_paths(ctx);
	if (!f->cert)
		return 0;
	if (SSL_CTX_use_certificate_chain_file(ctx, f->cert) != 1)
		return bad_file("PEM certificate", f->cert, why, n);
	if (!f->key) {
		(void)snprintf(why, n, "the certificate \"%.120s\" has no PEM key", f->cert);
		return -EINVAL;
	}
	if (SSL_CTX_use_PrivateKey_file(ctx, f->key, SSL_FILETYPE_PEM) != 1)
		return bad_file("PEM key of that certificate", f->key, why, n);
	return 0;
}

/* no_phrase - nobody is there to be asked for one: an encrypted key is refused, not waited for */
static int no_phrase(char *to, int size, int writing, void *ctx) {
	(void)to, (void)size, (void)writing, (void)ctx;
	return -1;
}

int tls_context(const struct tls_files *f, bool server, SSL_CTX **ret, char *why, size_t n) {
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	int err;

	if (!ctx) {
		(void)snprintf(why, n, "there is no memory for TLS");
		return -ENOMEM;
	}
	(void)SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION);
	(void)SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE |
					    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					    SSL_MODE_AUTO_RETRY);
	if (!f->unchecked && (!server || f->ca))
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_default_passwd_cb(ctx, no_phrase);
	err = load(ctx, f, why, n);
	if (err)
		SSL_CTX_free(ctx);
	else
		*ret = ctx;
	return err;
}

int tls_check(const struct tls_files *f, char *why, size_t n) {
	SSL_CTX *ctx = NULL;
	int err = tls_context(f, false, &ctx, why, n);

	SSL_CTX_free(ctx);
	return err;
}
