/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.c - dentries, leaf first, into a path, root first
 *
 *     record   p a s s w d 0 x 0 e t c 0
 *              ^ the file    ^ its folder, which many events have in common
 *     result   / e t c / x / p a s s w d
 *
 * A path that was cut is marked as bare, as nothing above it is known, and has no
 * slash in front; the record's header says that one was cut.
 *
 * This runs for every file event: what was made of a folder is kept for the next
 * file in it, and the file's own name is copied and looked at by words. The 8
 * bytes before a name always exist, for the record's fixed part is longer than
 * that.
 *
 * A tail is text of the process itself. It is joined by its text: "." goes, and
 * ".." at its beginning takes a folder of the dentries away, "/" staying "/". Behind
 * a name of the tail ".." stays as it is, for that name may be a link to elsewhere;
 * where it is known to be a folder, late.c has taken both away.
 */
#include "base/utf8.h"
#include "decode/reader.h"

#define ONES 0x0101010101010101ull
#define HIGHS (ONES << 7)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a word's last byte is its highest");

/* odd_bytes - not 0 if a byte of @word is '/' or not ASCII */
static inline uint64_t odd_bytes(uint64_t word) {
	uint64_t x = word ^ ONES * '/';

	return (((x - ONES) & ~x) | word) & HIGHS;
}

/* put_name - @n bytes at @p, in words: writes up to 7 more, and reads as many before the name */
static inline uint64_t put_name(char *p, const char *name, uint32_t n) {
	uint64_t word, odd = 0;

	if (n < 8) {
		memcpy(&word, name + n - 8, 8);
		word >>= 64 - 8 * n;
		memcpy(p, &word, 8);
		return odd_bytes(word);
	}
	for (uint32_t at = 0; at + 8 < n; at += 8) {
		memcpy(&word, name + at, 8);
		memcpy(p + at, &word, 8);
		odd |= odd_bytes(word);
	}
	memcpy(&word, name + n - 8, 8);
	memcpy(p + n - 8, &word, 8);
	return odd | odd_bytes(word);
}

/* A folder: its names as they stand in records, and the path of them, which is as long. */
#define FOLDER_BYTES 124
#define FOLDERS 64 /* a power of two */

static struct folder {
	uint32_t n; /* 0: nothing is kept here */
	char names[FOLDER_BYTES];
	char path[FOLDER_BYTES + 4];
} folders[FOLDERS];

/* build_folder - names that end in NUL each, at @to, with a slash before each; false: not names */
static bool build_folder(char *to, const char *names, uint32_t n) {
	while (n) {
		uint32_t len = (uint32_t)strlen(names);

		if (!len)
			return false;
		n -= len + 1;
		to[n] = '/';
		memcpy(to + n + 1, names, len);
		names += len + 1;
	}
	return true;
}

/* put_folder - the same, from what is kept if it is; @odd becomes odd_bytes() of all names */
static bool put_folder(char *to, const char *names, uint32_t n, uint64_t *odd) {
	struct folder *f = &folders[(n * 5 ^ (uint8_t)names[0] ^ (uint8_t)names[n / 2]) % FOLDERS];

	if (f->n == n && !memcmp(f->names, names, n)) {
		memcpy(to, f->path, n);
		return true;
	}
	if (!build_folder(to, names, n))
		return false;
	if (memchr(names, '/', n) || !utf8_is_ascii(names, n)) {
		*odd = HIGHS;
	} else if (n <= FOLDER_BYTES) {
		f->n = n;
		memcpy(f->names, names, n);
		memcpy(f->path, to, n);
	}
	return true;
}

/*
 * from_dentries - the names at @base, one at least
 * @bare: no slash goes in front, and a name may hold some, for nothing looks it up (a memfd)
 */
static struct str from_dentries(struct reader *r, const char *base, uint32_t len, bool bare) {
	const char *nul = memchr(base, '\0', len);
	char *out = arena_alloc(r->arena, (size_t)len + 16);
	uint32_t n = nul ? (uint32_t)(nul - base) : 0, above = len - n - 1;
	struct str path = { out + bare, len - bare };
	uint64_t odd = 0;

	if (!n || base[len - 1])
		return reader_fail(r, -EBADMSG);
	if (!out)
		return reader_fail(r, -ENOMEM);
	if (above && !put_folder(out, nul + 1, above, &odd))
		return reader_fail(r, -EBADMSG);
	out[above] = '/';
	odd |= put_name(out + above + 1, base, n);
	out[len] = '\0';
	if (!odd)
		return path;
	if (!bare && memchr(base, '/', len))
		return reader_fail(r, -EBADMSG);
	return reader_clean(r, path);
}

/*
 * bare_len - the bytes of a bare path that name anything
 * The root of a file system is called "/" and stands at the end when the walk
 * went past its mount; a pipe's only dentry has no name at all.
 */
static uint32_t bare_len(const char *base, uint32_t len) {
	if (len >= 2 && !memcmp(base + len - 2, "/", 2) && (len == 2 || !base[len - 3]))
		len -= 2;
	return len == 1 && !*base ? 0 : len;
}

/* append - the components of @text at @p, a slash before each; nothing goes below @out */
static char *append(char *out, char *p, struct str text) {
	const char *s = text.s, *end = s + text.n;
	bool named = false;

	while (s < end) {
		const char *slash = memchr(s, '/', (size_t)(end - s));
		size_t n = (size_t)((slash ? slash : end) - s);

		if (n == 2 && s[0] == '.' && s[1] == '.' && !named) {
			while (p > out && *--p != '/')
				;
		} else if (n && !(n == 1 && s[0] == '.')) {
			named = true;
			*p++ = '/';
			memcpy(p, s, n);
			p += n;
		}
		s = slash ? slash + 1 : end;
	}
	return p;
}

/* join_tail - the tail of @where below @dir, which may be absent */
static struct str join_tail(struct reader *r, struct str dir, const struct wire_path *where,
                            bool rooted) {
	struct wire_str text = { where->tail_off, where->tail_len };
	struct str tail = reader_text(r, text);
	char *out, *p;

	if (r->error)
		return tail;
	out = arena_alloc(r->arena, (size_t)dir.n + tail.n + 4);
	if (!out)
		return reader_fail(r, -ENOMEM);
	p = dir.s ? append(out, out, dir) : out;
	p = append(out, p, tail);
	if (p == out && !rooted)
		return (struct str){ 0 };
	if (p == out)
		*p++ = '/';
	*p = '\0';
	return (struct str){ out + !rooted, (uint32_t)(p - out) - !rooted };
}

/* odd_path - one that is not just names down from the root */
static __attribute__((noinline)) struct str odd_path(struct reader *r,
						     const struct wire_path *where) {
	bool bare = where->flags & WIRE_PATH_BARE, rooted = !bare;
	uint32_t len = where->len;
	struct str dir = { 0 };
	const char *base;

	if (where->off) {
		base = reader_at(r, where->off, len);
		if (!base)
			return dir;
		if (bare)
			len = bare_len(base, len);
		if (len)
			dir = from_dentries(r, base, len, bare);
		else if (rooted)
			dir = STR("/");
		if (r->error)
			return dir;
	} else if (where->tail_off) {
		/* a name whose directory is not known is the lower end of a path */
		rooted = false;
		r->degraded |= 1ull << DEGRADED_PATH_CUT;
	}
	return where->tail_off ? join_tail(r, dir, where, rooted) : dir;
}

struct str reader_path_built(struct reader *r, const struct wire_path *where) {
	const char *base;

	if (where->tail_off || where->flags & WIRE_PATH_BARE || !where->len)
		return odd_path(r, where);
	base = reader_at(r, where->off, where->len);
	return base ? from_dentries(r, base, where->len, false) : (struct str){ 0 };
}
