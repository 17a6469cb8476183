/* SPDX-License-Identifier: Apache-2.0 */
#include "app/host.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/hasher.h"
#include "base/clock.h"
#include "base/hostroot.h"
#include "base/procfile.h"
#include "content/verdict.h"
#include "who/who.h"

#define HOST_CPU 65535
#define CLOCK_STEP_NS 1000000
#define HASHES_LAST_NS 1000000000ull

/* A record under construction. */
struct draft {
	_Alignas(8) char bytes[WIRE_MAX_BYTES];
	uint32_t len;
};

uint64_t host_boot_ns(void) {
	return clock_ns(CLOCK_BOOTTIME);
}

static uint64_t wall_offset_ns(void) {
	return clock_ns(CLOCK_REALTIME) - host_boot_ns();
}

static void draft_begin(struct host *h, struct draft *d, uint8_t kind, uint32_t size) {
	struct wire_header *head = (struct wire_header *)d->bytes;

	memset(d->bytes, 0, size);
	d->len = size;
	*head = (struct wire_header){ .ts_ns = host_boot_ns(),
				      .seq = h->seq++,
				      .flags = WIRE_NO_TASK,
				      .cpu = HOST_CPU,
				      .kind = kind,
				      .outcome = WIRE_SUCCEEDED };
}

static void draft_str(struct draft *d, struct wire_str *name, const char *text, size_t n) {
	if (n > WIRE_MAX_BYTES - d->len)
		n = WIRE_MAX_BYTES - d->len;
	memcpy(d->bytes + d->len, text, n);
	name->off = (uint16_t)d->len;
	name->len = (uint16_t)n;
	d->len += (uint32_t)n;
}

static int draft_send(struct host *h, struct draft *d) {
	((struct wire_header *)d->bytes)->len = d->len;
	return h->cb(h->ctx, d->bytes, d->len);
}

static int tell_users(struct host *h, struct draft *d) {
	int fd = hostroot_open("/etc/passwd", O_RDONLY | O_CLOEXEC, true);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	struct passwd *pw;
	int err = 0;

	/* without it users have no names, and every event says so */
	while (f && !err && (pw = fgetpwent(f))) {
		struct wire_host_user *u = (struct wire_host_user *)d->bytes;

		draft_begin(h, d, WIRE_HOST_USER, sizeof(*u));
		u->uid = pw->pw_uid;
		draft_str(d, &u->name, pw->pw_name, strlen(pw->pw_name));
		err = draft_send(h, d);
	}
	if (f)
		(void)fclose(f);
	return err;
}

int host_start(struct host *h, const struct probe_deed *deeds, size_t n_deeds) {
	static struct draft d;
	struct wire_host_start *s = (struct wire_host_start *)d.bytes;
	char text[4096];
	const char *name = hostroot_name();
	struct utsname un;
	size_t n = 0;
	int err;

	h->wall_offset_ns = wall_offset_ns();
	draft_begin(h, &d, WIRE_HOST_START, sizeof(*s));
	s->wall_offset_ns = h->wall_offset_ns;
	s->flags = (h->split ? WIRE_HOST_SPLIT : 0) |
		   (h->asks ? WIRE_HOST_ASKS : 0) | (h->hashes ? WIRE_HOST_HASHES : 0);
	procfile_line("/etc/machine-id", text, sizeof(text));
	draft_str(&d, &s->host_id, text, strlen(text));
	procfile_line("/proc/sys/kernel/random/boot_id", text, sizeof(text));
	draft_str(&d, &s->boot_id, text, strlen(text));
	(void)uname(&un);
	draft_str(&d, &s->host_name, name, strlen(name));
	draft_str(&d, &s->version, LAPWING_VERSION, strlen(LAPWING_VERSION));
	draft_str(&d, &s->kernel, un.release, strlen(un.release));
	draft_str(&d, &s->arch, un.machine, strlen(un.machine));
	for (size_t i = 0; i < n_deeds && n < sizeof(text) - 1; i++) {
		int m = snprintf(text + n, sizeof(text) - n, "%s=%s%s", deeds[i].name,
				 deeds[i].hook ? deeds[i].hook : "none: ",
				 deeds[i].hook ? "" : deeds[i].refused);

		n += m > 0 ? (size_t)m + 1 : 0;
	}
	draft_str(&d, &s->coverage, text, n < sizeof(text) ? n : sizeof(text));
	err = draft_send(h, &d);
	return err ? err : tell_users(h, &d);
}

int host_clock(struct host *h) {
	static struct draft d;
	struct wire_host_clock *c = (struct wire_host_clock *)d.bytes;
	uint64_t now = wall_offset_ns();
	int64_t moved = (int64_t)(now - h->wall_offset_ns);

	if (moved < CLOCK_STEP_NS && moved > -CLOCK_STEP_NS)
		return 0;
	h->wall_offset_ns = now;
	draft_begin(h, &d, WIRE_HOST_CLOCK, sizeof(*c));
	c->wall_offset_ns = now;
	return draft_send(h, &d);
}

int host_loss(struct host *h, const struct host_loss *l) {
	static struct draft d;
	struct wire_host_loss *w = (struct wire_host_loss *)d.bytes;

	draft_begin(h, &d, WIRE_HOST_LOSS, sizeof(*w));
	w->count = l->count;
	w->first_ns = l->first_ns;
	w->last_ns = l->last_ns;
	w->kind = l->kind;
	w->cause = l->cause;
	w->cpu = l->cpu;
	return draft_send(h, &d);
}

int host_coverage(struct host *h, const struct host_coverage *c) {
	static struct draft d;
	struct wire_host_coverage *w = (struct wire_host_coverage *)d.bytes;

	draft_begin(h, &d, WIRE_HOST_COVERAGE, sizeof(*w));
	w->folded = c->folded;
	draft_str(&d, &w->served, c->served.s, c->served.n);
	draft_str(&d, &w->gaps, c->gaps.s, c->gaps.n);
	draft_str(&d, &w->proven, c->proven.s, c->proven.n);
	draft_str(&d, &w->silent, c->silent.s, c->silent.n);
	draft_str(&d, &w->untried, c->untried.s, c->untried.n);
	draft_str(&d, &w->degraded, c->degraded.s, c->degraded.n);
	draft_str(&d, &w->lost, c->lost.s, c->lost.n);
	return draft_send(h, &d);
}

int host_log(void *host, const char *service, struct str line) {
	struct host *h = host;
	static struct draft d;
	struct wire_host_log *l = (struct wire_host_log *)d.bytes;

	draft_begin(h, &d, WIRE_HOST_LOG, sizeof(*l));
	draft_str(&d, &l->service, service, strlen(service));
	draft_str(&d, &l->line, line.s, line.n);
	return draft_send(h, &d);
}

int host_content(struct host *h, const struct verdict *v) {
	static const uint8_t none[SEAL_HASH_BYTES];
	static struct draft d;
	struct wire_host_content *c = (struct wire_host_content *)d.bytes;
	char hex[SEAL_HEX_BYTES];

	draft_begin(h, &d, WIRE_HOST_CONTENT, sizeof(*c));
	c->version = v->version;
	c->order = v->order;
	draft_str(&d, &c->gate, v->gate, strlen(v->gate));
	draft_str(&d, &c->verdict, v->verdict, strlen(v->verdict));
	if (strcmp(v->reason, "-") != 0)
		draft_str(&d, &c->reason, v->reason, strlen(v->reason));
	draft_str(&d, &c->text, v->text, strlen(v->text));
	seal_hex(v->hash, hex);
	if (memcmp(v->hash, none, sizeof(none)) != 0)
		draft_str(&d, &c->bundle, hex, strlen(hex));
	return draft_send(h, &d);
}

int host_container(struct host *h, const struct who_answer *a) {
	static struct draft d;
	struct wire_host_container *c = (struct wire_host_container *)d.bytes;
	const struct {
		struct wire_str *to;
		const char *text;
	} parts[] = {
		{ &c->id, a->id },	       { &c->runtime, a->runtime },
		{ &c->name, a->name },	       { &c->image, a->image },
		{ &c->image_id, a->image_id }, { &c->pod_uid, a->pod_uid },
		{ &c->pod_name, a->pod_name }, { &c->pod_namespace, a->pod_namespace },
	};

	draft_begin(h, &d, WIRE_HOST_CONTAINER, sizeof(*c));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		draft_str(&d, parts[i].to, parts[i].text, strlen(parts[i].text));
	draft_str(&d, &c->labels, a->labels, a->labels_n);
	return draft_send(h, &d);
}

static int tell_hash(struct host *host, struct draft *d, const struct hasher_answer *a) {
	struct wire_host_file *f = (struct wire_host_file *)d->bytes;
	struct wire_process_hash *p = (struct wire_process_hash *)d->bytes;
	int err = 0;

	if (!a->error) {
		draft_begin(host, d, WIRE_HOST_FILE, sizeof(*f));
		f->ino = a->id.ino;
		f->ctime_ns = a->id.ctime_ns;
		f->size = a->id.size;
		f->dev = a->id.dev;
		memcpy(f->sha256, a->sha256, sizeof(f->sha256));
		err = draft_send(host, d);
	}
	draft_begin(host, d, WIRE_PROCESS_HASH, sizeof(*p));
	memcpy(d->bytes + d->len, a->record, a->len);
	d->len += a->len;
	return err ? err : draft_send(host, d);
}

int host_hashes(struct host *host, struct hasher *h, bool last) {
	static struct draft d;
	uint64_t until = last ? host_boot_ns() + HASHES_LAST_NS : 0;
	struct hasher_answer a;
	int err = 0;

	while (h && !err) {
		uint64_t now = host_boot_ns();
		int ms = until > now ? (int)((until - now) / 1000000) : 0;

		if (!hasher_answer(h, last, last ? ms : 0, &a))
			break;
		err = tell_hash(host, &d, &a);
	}
	return err;
}

int host_heartbeat(struct host *h, const char *mode, const char *reason) {
	static struct draft d;
	struct wire_host_heartbeat *b = (struct wire_host_heartbeat *)d.bytes;

	draft_begin(h, &d, WIRE_HOST_HEARTBEAT, sizeof(*b));
	draft_str(&d, &b->mode, mode, strlen(mode));
	draft_str(&d, &b->reason, reason, strlen(reason));
	return draft_send(h, &d);
}

int host_stop(struct host *h, uint64_t produced, uint64_t lost) {
	static struct draft d;
	struct wire_host_stop *s = (struct wire_host_stop *)d.bytes;

	draft_begin(h, &d, WIRE_HOST_STOP, sizeof(*s));
	s->produced = produced;
	s->lost = lost;
	return draft_send(h, &d);
}
