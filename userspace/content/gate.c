/* SPDX-License-Identifier: Apache-2.0 */
#include "content/gate.h"

#include <errno.h>
#include <inttypes.h>

#define REFUSE(v, error, reason, ...)                                                              \
	(verdict_say((v), "seal", "refused", (reason), __VA_ARGS__), (error))

/* check_times - freshness, and no way back but by somebody's word */
static int check_times(const struct manifest *m, const struct gate_now *now, struct verdict *v) {
	if (now->reverted)
		return REFUSE(v, -EALREADY, "reverted", "it was reverted on this host; an order "
			      "to retry, or the owner, can try it again");
	if (now->now_s >= m->expires_s)
		return REFUSE(v, -ESTALE, "expired", "it expired %" PRIu64 " s ago",
			      now->now_s - m->expires_s);
	if (m->created_s > now->now_s + GATE_CLOCK_SLACK_S)
		return REFUSE(v, -ESTALE, "future", "it was made %" PRIu64 " s from now; is the "
			      "clock right?", m->created_s - now->now_s);
	if (!now->back && m->version < now->floor)
		return REFUSE(v, -ESTALE, "version", "it is version %" PRIu64 ", and %" PRIu64
			      " was proven here", m->version, now->floor);
	return 0;
}

static int check_engine(const struct manifest *m, const struct gate_now *now, struct verdict *v) {
	char why[160];
	int err;

	if (bundle_version(now->engine, m->engine_min) < 0 ||
	    bundle_version(now->engine, m->engine_max) > 0)
		return REFUSE(v, -ENOEXEC, "engine", "it is for versions %s to %s, and this is %s",
			      m->engine_min, m->engine_max, now->engine);
	if (bundle_lacks(m))
		return REFUSE(v, -ENOEXEC, "kinds", "it needs events of the kind %u, and this "
			      "sensor has none", bundle_lacks(m));
	err = schema_fits(&m->schema, why, sizeof(why));
	if (err)
		return REFUSE(v, err, err == -ERANGE ? "fields" : "schema", "%s", why);
	return 0;
}

int gate_check(const void *bytes, size_t n, const struct gate_now *now, struct bundle *ret,
	       struct verdict *v) {
	struct seal s;
	const char *why;
	uint32_t count;
	int err = seal_open(bytes, n, &s, &why);

	if (err)
		return REFUSE(v, err, "format", "%s", why);
	memcpy(v->hash, s.hash, SEAL_HASH_BYTES);
	if (s.kind != SEAL_BUNDLE)
		return REFUSE(v, -EBADMSG, "format", "it is sealed, and no bundle");
	if (!keys_signed(now->root, KEYS_RELEASE, &s, &count))
		return REFUSE(v, -EKEYREJECTED, "signature",
			      "%u of the %u release keys that are needed have signed it", count,
			      now->root->need[KEYS_RELEASE]);
	err = bundle_parse(&s, ret, &why);
	if (err)
		return REFUSE(v, err, "parse", "%s", why);
	v->version = ret->manifest.version;
	if (now->channel[0] && strcmp(now->channel, ret->manifest.channel) != 0)
		return REFUSE(v, -EINVAL, "channel", "it is of the channel \"%s\"",
			      ret->manifest.channel);
	err = check_times(&ret->manifest, now, v);
	if (!err)
		err = check_engine(&ret->manifest, now, v);
	if (err)
		return err;
	verdict_say(v, "seal", "passed", "-", "\"%s\", version %" PRIu64 ", signed by %u release "
		    "keys", ret->manifest.name, ret->manifest.version, count);
	return 0;
}
