/* SPDX-License-Identifier: Apache-2.0 */
#include "enrich/facts.h"

#define FNV_OFFSET 0xcbf29ce484222325ull
#define FNV_PRIME 0x100000001b3ull

static uint64_t hash(uint64_t h, const void *bytes, size_t n) {
	const unsigned char *p = bytes;

	while (n--)
		h = (h ^ *p++) * FNV_PRIME;
	return h;
}

/* hash_text - the NUL keeps "ab","c" and "a","bc" apart */
static uint64_t hash_text(uint64_t h, struct str x) {
	return hash(hash(h, x.s, x.n), "", 1);
}

static void set_run(struct facts *f, uint64_t h) {
	for (int i = 16; i-- > 0; h >>= 4)
		f->run[i] = "0123456789abcdef"[h & 15];
	f->id_begin = 0;
}

void facts_init(struct facts *f) {
	memset(f, 0, sizeof(*f));
	set_run(f, FNV_OFFSET);
}

static struct str keep(char *text, struct str x) {
	if (!x.s)
		return x;
	if (x.n > FACTS_TEXT_BYTES) {
		x.n = FACTS_TEXT_BYTES;
		while (x.n && ((unsigned char)x.s[x.n] & 0xc0) == 0x80)
			x.n--;
	}
	memcpy(text, x.s, x.n);
	return (struct str){ text, x.n };
}

void facts_start(struct facts *f, struct str host_id, struct str boot_id, struct str host_name,
                 uint64_t start_ns) {
	f->host_id = keep(f->text[0], host_id);
	f->boot_id = keep(f->text[1], boot_id);
	f->host_name = keep(f->text[2], host_name);
	set_run(f, hash(hash_text(hash_text(FNV_OFFSET, f->host_id), f->boot_id), &start_ns,
	                sizeof(start_ns)));
}

void facts_clock(struct facts *f, uint64_t wall_offset_ns) {
	f->has_clock = true;
	f->wall_offset_ns = wall_offset_ns;
}

void facts_begin_id(struct facts *f, uint32_t cpu) {
	char *p = f->id;

	memcpy(p, f->run, sizeof(f->run));
	p += sizeof(f->run);
	*p++ = '-';
	p = hex_put(p, cpu);
	*p++ = '-';
	f->id_cpu = cpu;
	f->id_begin = (uint8_t)(p - f->id);
}
