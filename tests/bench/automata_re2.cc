/* SPDX-License-Identifier: Apache-2.0 */
/* automata_re2.cc - RE2 for automata.c, as it has no interface in C. */
#include <re2/re2.h>

extern "C" {
bool re2_new(const char *pattern, size_t n, void **ret);
bool re2_finds(const void *re, const char *s, size_t n);
}

bool re2_new(const char *pattern, size_t n, void **ret) {
	RE2::Options options;

	options.set_case_sensitive(false);
	options.set_encoding(RE2::Options::EncodingLatin1);
	options.set_dot_nl(true);
	options.set_max_mem(64 << 20);
	options.set_log_errors(false);
	RE2 *re = new RE2(re2::StringPiece(pattern, n), options);
	*ret = re;
	return re->ok();
}

bool re2_finds(const void *re, const char *s, size_t n) {
	return RE2::PartialMatch(re2::StringPiece(s, n), *static_cast<const RE2 *>(re));
}
