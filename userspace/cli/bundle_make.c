/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle_make.c - keys, roots, orders, signatures
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "cli/bundle.h"

#define DAY_S 86400ull
#define MAX_KEY_BYTES 4096

int bundle_keygen(const struct bundle_job *job) {
	char path[4096], comment[128], id[17];
	struct seal_secret secret;
	struct seal_key key;
	struct buf text = { 0 };
	struct stat st;
	int err;

	if (snprintf(path, sizeof(path), "%s.pub", job->paths[0]) >= (int)sizeof(path))
		return CLI_USAGE;
	if (!stat(job->paths[0], &st) || !stat(path, &st)) {
		log_error("\"%s\" is there already; a key is not overwritten", job->paths[0]);
		return CLI_FAILURE;
	}
	keys_generate(&secret, &key);
	keys_id_text(key.id, id);
	(void)snprintf(comment, sizeof(comment), "lapwing secret key %s, not encrypted", id);
	keys_write_secret(&text, &secret, comment);
	err = bundle_write(job->paths[0], &text);
	sodium_memzero(&secret, sizeof(secret));
	if (text.data)
		sodium_memzero(text.data, text.len);
	buf_reset(&text);
	(void)snprintf(comment, sizeof(comment), "lapwing public key %s", id);
	keys_write_public(&text, &key, comment);
	if (!err)
		err = bundle_write(path, &text);
	buf_done(&text);
	if (!err)
		(void)printf("%s\n", id);
	return err ? CLI_FAILURE : CLI_OK;
}

/* take_key - "ROLE:NAME=FILE" */
static int take_key(const char *text, struct keys_entry *ret) {
	static const char *const roles[KEYS_ROLES] = { NULL, "root", "release", "rollout" };
	const char *colon = strchr(text, ':'), *eq = colon ? strchr(colon, '=') : NULL;
	struct buf file = { 0 };
	int err;

	*ret = (struct keys_entry){ 0 };
	for (int i = KEYS_ROOT; eq && i < KEYS_ROLES; i++)
		if (strlen(roles[i]) == (size_t)(colon - text) &&
		    !strncmp(text, roles[i], (size_t)(colon - text)))
			ret->role = (enum keys_role)i;
	if (!eq || !ret->role || eq - colon - 1 >= KEYS_NAME_BYTES) {
		log_error("--key takes ROLE:NAME=FILE, with root, release or rollout for ROLE, "
			  "not \"%s\"", text);
		return -EINVAL;
	}
	(void)snprintf(ret->name, sizeof(ret->name), "%.*s", (int)(eq - colon - 1), colon + 1);
	err = bundle_read(eq + 1, MAX_KEY_BYTES, &file);
	if (!err) {
		err = keys_read_public((struct str){ file.data, (uint32_t)file.len }, &ret->key);
		if (err)
			log_error("\"%s\" is no public key of lapwing", eq + 1);
	}
	buf_done(&file);
	return err;
}

static int seal_to(const char *path, enum seal_kind kind, const struct buf *body) {
	struct buf out = { 0 };
	int err;

	seal_make(&out, kind, (struct str){ body->data, (uint32_t)body->len });
	err = bundle_write(path, &out);
	buf_done(&out);
	return err;
}

int bundle_root(const struct bundle_job *job) {
	struct keys_root root = { .version = job->version,
				  .expires_s = job->expires_s ? job->expires_s
							      : job->created_s + 365 * DAY_S };
	uint32_t have[KEYS_ROLES] = { 0 };
	const struct keys_entry *twice;
	struct buf body = { 0 };
	int err = 0;

	if (!job->out || !job->version || !job->n_keys)
		return cli_misuse(&command_bundle, "root needs -o, --version and --key");
	for (size_t i = 0; i < job->n_keys && !err; i++, root.n++) {
		err = take_key(job->keys[i], &root.list[root.n]);
		if (!err)
			have[root.list[root.n].role]++;
	}
	if (err)
		return CLI_FAILURE;
	twice = keys_repeated(&root);
	if (twice) {
		log_error("the key of \"%s\" has that role already, and signs once only; each "
			  "holder needs one of their own", twice->name);
		return CLI_FAILURE;
	}
	for (int i = KEYS_ROOT; i < KEYS_ROLES; i++) {
		root.need[i] = job->need[i] ? job->need[i] : 1;
		if (root.need[i] <= have[i])
			continue;
		log_error("the root needs %u signatures of a role that has %u keys", root.need[i],
			  have[i]);
		return CLI_FAILURE;
	}
	keys_pack(&body, &root);
	err = seal_to(job->out, SEAL_ROOT, &body);
	buf_done(&body);
	return err ? CLI_FAILURE : CLI_OK;
}

int bundle_hash(const char *text, uint8_t ret[SEAL_HASH_BYTES], uint64_t *ret_version) {
	static struct bundle b;
	struct buf bytes = { 0 };
	struct seal s;
	const char *why;
	int err;

	if (!seal_unhex(str_of(text), ret))
		return 0;
	err = bundle_read(text, SEAL_MAX_BYTES, &bytes);
	if (!err) {
		err = seal_open(bytes.data, bytes.len, &s, &why);
		if (!err)
			err = bundle_parse(&s, &b, &why);
		if (err)
			log_error("\"%s\": %s", text, why);
	}
	if (!err) {
		memcpy(ret, s.hash, SEAL_HASH_BYTES);
		if (ret_version)
			*ret_version = b.manifest.version;
	}
	buf_done(&bytes);
	return err;
}

int bundle_order(struct bundle_job *job) {
	struct order *o = &job->order;
	char hex[SEAL_HEX_BYTES];
	struct buf body = { 0 };
	int err;

	if (!job->out || !o->number || !job->bundle || !o->state || job->n_paths)
		return cli_misuse(&command_bundle,
				  "order needs -o, --number, --bundle and --state");
	o->issued_s = job->created_s;
	o->expires_s = job->expires_s ? job->expires_s : job->created_s + 3 * DAY_S;
	o->version = job->version;
	if (bundle_hash(job->bundle, o->bundle, &o->version) ||
	    (job->to && bundle_hash(job->to, o->to, NULL)))
		return CLI_FAILURE;
	o->has_to = job->to != NULL;
	seal_hex(o->bundle, hex);
	(void)snprintf(o->release, sizeof(o->release), "%s", job->release ? job->release : hex);
	(void)snprintf(o->channel, sizeof(o->channel), "%s",
		       job->channel ? job->channel : "stable");
	order_pack(&body, o);
	err = seal_to(job->out, SEAL_ORDER, &body);
	buf_done(&body);
	return err ? CLI_FAILURE : CLI_OK;
}

static int sign_one(const char *path, const struct seal_secret *secret) {
	struct buf bytes = { 0 };
	int err = bundle_read(path, SEAL_MAX_BYTES, &bytes);

	if (err) {
		buf_done(&bytes);
		return err;
	}
	err = seal_sign(&bytes, secret);
	if (err)
		log_error("\"%s\" cannot be signed: %s", path,
			  err == -EEXIST   ? "this key has signed it already"
			  : err == -ENOSPC ? "it has as many signatures as it can"
			  : err == -EBADMSG ? "it is nothing that is sealed"
					    : strerror(-err));
	else
		err = bundle_write(path, &bytes);
	buf_done(&bytes);
	return err;
}

int bundle_sign(const struct bundle_job *job) {
	struct seal_secret secret;
	struct buf file = { 0 };
	int err;

	if (job->n_keys != 1)
		return cli_misuse(&command_bundle, "sign needs one --key, a secret one");
	err = bundle_read(job->keys[0], MAX_KEY_BYTES, &file);
	if (!err) {
		err = keys_read_secret((struct str){ file.data, (uint32_t)file.len }, &secret);
		if (err)
			log_error("\"%s\" is no secret key of lapwing", job->keys[0]);
	}
	for (size_t i = 0; i < job->n_paths && !err; i++)
		err = sign_one(job->paths[i], &secret);
	sodium_memzero(&secret, sizeof(secret));
	buf_done(&file);
	return err ? CLI_FAILURE : CLI_OK;
}
