/* SPDX-License-Identifier: Apache-2.0 */
#include "decode/community.h"

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <string.h>

#define SHA1_BYTES 20
#define ID_BYTES (2 + 28) /* and the base64 of as many */
#define KEPT 64 /* a power of two */

/* What the hash is over: in the order of the specification, nothing between. */
struct flow {
	uint8_t bytes[2 + 16 + 16 + 1 + 1 + 2 + 2]; /* seed, ends, protocol, zero, ports */
	size_t n;
};

/* A flow that was named: connect, accept and close of it come soon after one another. */
struct named {
	struct flow flow;
	char id[ID_BYTES + 1]; /* and a NUL */
};

static bool is_ipv4(const uint8_t *bytes) {
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(bytes, mapped, sizeof(mapped));
}

static void put(struct flow *f, const void *from, size_t n) {
	memcpy(f->bytes + f->n, from, n);
	f->n += n;
}

static struct flow flow_of(const struct wire_net *w) {
	bool v4 = is_ipv4(w->local) && is_ipv4(w->remote);
	const uint8_t *ends[2] = { w->local, w->remote };
	uint16_t ports[2] = { htons(w->local_port), htons(w->remote_port) };
	int order = memcmp(w->local, w->remote, 16);
	size_t skip = v4 ? 12 : 0;
	struct flow f = { .n = 2 };
	bool turned;

	if (!order)
		order = memcmp(&ports[0], &ports[1], sizeof(ports[0]));
	turned = order > 0;
	put(&f, ends[turned] + skip, 16 - skip);
	put(&f, ends[!turned] + skip, 16 - skip);
	put(&f, (uint8_t[2]){ (uint8_t)w->protocol }, 2);
	put(&f, &ports[turned], sizeof(ports[0]));
	put(&f, &ports[!turned], sizeof(ports[0]));
	return f;
}

/* name - false when the library has no SHA-1 for us (out of memory, or forbidden by its policy) */
static bool name(struct named *n) {
	static EVP_MD_CTX *context; /* to look a digest up costs more than to compute it */
	static EVP_MD *sha1;
	uint8_t digest[EVP_MAX_MD_SIZE];

	if (!context) {
		context = EVP_MD_CTX_new();
		sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
	}
	if (!context || !sha1 || !EVP_DigestInit_ex2(context, sha1, NULL) ||
	    !EVP_DigestUpdate(context, n->flow.bytes, n->flow.n) ||
	    !EVP_DigestFinal_ex(context, digest, NULL))
		return false;
	memcpy(n->id, "1:", 2);
	(void)EVP_EncodeBlock((unsigned char *)n->id + 2, digest, SHA1_BYTES);
	return true;
}

struct str community_id(const struct wire_net *w) {
	static struct named kept[KEPT];
	struct named *n = &kept[(w->local_port ^ w->remote_port) % KEPT];
	struct flow f = flow_of(w);

	if (n->flow.n != f.n || memcmp(n->flow.bytes, f.bytes, f.n) != 0) {
		n->flow = f;
		if (!name(n)) {
			n->flow.n = 0;
			return (struct str){ 0 };
		}
	}
	return (struct str){ n->id, ID_BYTES };
}
