/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - what the parts of `lapwing bundle` have in common
 */
#ifndef LAPWING_CLI_BUNDLE_H
#define LAPWING_CLI_BUNDLE_H

#include "app/rehearse.h"
#include "cli/cli.h"
#include "content/bundle.h"
#include "content/keys.h"
#include "content/order.h"

extern const struct command command_bundle;

#define BUNDLE_ARGS 64
#define BUNDLE_TAPE_BYTES (1u << 30)

struct bundle_job {
	const char *out, *name, *channel, *notes, *engine_min, *engine_max, *previous, *tuning;
	const char *lists[BUNDLE_ARGS], *approvers[BUNDLE_APPROVERS], *keys[BUNDLE_ARGS];
	const char *root, *bundle, *release, *to, *tapes[2];
	size_t n_lists, n_approvers, n_keys, n_tapes;
	uint64_t version, expires_s, created_s;
	uint32_t need[KEYS_ROLES];
	struct event_kinds needs;
	bool json;    /* inspect, diff */
	bool untried; /* build: without a rehearsal */
	struct order order;
	const char **paths;
	size_t n_paths;
};

/* bundle_read - a file's bytes; logs what is wrong, and gives -errno */
int bundle_read(const char *path, size_t max, struct buf *out);

/* bundle_write - likewise */
int bundle_write(const char *path, const struct buf *bytes);

/* The verbs; each gives the exit code. */
int bundle_keygen(const struct bundle_job *job);
int bundle_root(const struct bundle_job *job);
int bundle_order(struct bundle_job *job);
int bundle_build(const struct bundle_job *job);
int bundle_sign(const struct bundle_job *job);
int bundle_verify(const struct bundle_job *job);
int bundle_inspect(const struct bundle_job *job);
int bundle_diff(const struct bundle_job *job);

/* bundle_hash - a hash in hexadecimal, or that of the bundle in the file; logs; -errno */
int bundle_hash(const char *text, uint8_t ret[SEAL_HASH_BYTES], uint64_t *ret_version);

/* The roles of keys, by enum keys_role. */
extern const char *const bundle_roles[KEYS_ROLES];

/* bundle_json_seal - begins an object, which one of the next three goes on with and ends */
void bundle_json_seal(struct buf *out, const struct seal *s);
void bundle_json_bundle(struct buf *out, const struct bundle *b);
void bundle_json_order(struct buf *out, const struct order *o);
void bundle_json_root(struct buf *out, const struct keys_root *r);

/* bundle_json_diff - an object of what differs, and on the tape */
void bundle_json_diff(struct buf *out, const struct rehearse_report *r);

#endif
