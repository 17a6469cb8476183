/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sink/sink.h"
#include "test.h"

static int same(const char *a, const char *b) {
	return a && b ? !strcmp(a, b) : a == b;
}

static void a_url_is_taken_apart(void) {
	const char *why = NULL;
	struct sink_url u;

	CHECK(!url_parse("tls://me:s%40cret@host.example:6514/a%20b?ca=%2Fx&keep=3&empty=", &u,
			 &why));
	CHECK(same(u.scheme, "tls") && same(u.user, "me") && same(u.secret, "s@cret"));
	CHECK(same(u.host, "host.example") && u.port == 6514 && same(u.path, "a b"));
	CHECK(u.n_params == 3 && same(url_value(&u, "ca"), "/x"));
	CHECK(same(url_value(&u, "empty"), "") && !url_value(&u, "other"));
	CHECK(!url_add(&u, "ca", "/y") && same(url_value(&u, "ca"), "/y"));
	url_free(&u);
	CHECK(!url_parse("tcp://[::1]:99", &u, &why));
	CHECK(same(u.host, "::1") && u.port == 99 && !u.path && !u.user);
	url_free(&u);
	CHECK(!url_parse("file:/var/log/x?format=json", &u, &why));
	CHECK(!u.host && same(u.path, "/var/log/x") && same(url_value(&u, "format"), "json"));
	url_free(&u);
}

static void bad_urls_are_refused_with_a_reason(void) {
	static const char *const bad[] = {
		"",		    "file",	       "://x",		  "FILE:/x",
		"tcp://",	    "tcp://:99",       "tcp://h:0",	  "tcp://h:65536",
		"tcp://h:9x",	    "tcp://h:",	       "tcp://[::1",	  "tcp://[::1]x",
		"tcp://h/%zz",	    "tcp://h/%00",     "tcp://h/%4",	  "tcp://h?x",
		"tcp://h?=1",	    "tcp://h?a=1&a=2", "tcp://%zz@h:1",	  "tcp://h?a=%",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		const char *why = NULL;
		struct sink_url u;
		int err = url_parse(bad[i], &u, &why);

		if (err != -EINVAL || !why)
			printf("# \"%s\" is taken\n", bad[i]);
		CHECK(err == -EINVAL && why);
	}
}

/* Whatever is cut off a good one, it is a URL or refused; ASan sees the rest. */
static void a_url_cut_anywhere_is_harmless(void) {
	static const char whole[] = "tls://me:s%40cret@[::1]:6514/a%20b?ca=%2Fx&keep=3";

	for (size_t n = 0; n < sizeof(whole); n++) {
		char *cut = strndup(whole, n);
		const char *why = NULL;
		struct sink_url u;

		if (cut && !url_parse(cut, &u, &why))
			url_free(&u);
		free(cut);
	}
}

static bool is_kinds(const char *key) {
	return !strcmp(key, "kinds");
}

static int check(const char *text, const struct sink_type **type, const char **why) {
	struct sink_url u;
	int err = url_parse(text, &u, why);

	if (!err) {
		err = sink_check(&u, is_kinds, type, why);
		url_free(&u);
	}
	return err;
}

static void unknown_sinks_keys_and_formats_are_refused(void) {
	const struct sink_type *type = NULL;
	const char *why = "";

	CHECK(!check("file:/x?format=json&keep=2", &type, &why) && same(type->scheme, "file"));
	CHECK(!check("file:/x?kinds=exec", &type, &why));
	CHECK(check("gopher://x", &type, &why) == -EINVAL && strstr(why, "file:"));
	CHECK(check("file:/x?kep=2", &type, &why) == -EINVAL && strstr(why, "\"kep\""));
	CHECK(check("elastic://h?api_key=a%0d%0aX:%20b", &type, &why) == -EINVAL);
	CHECK(strstr(why, "\"api_key\" has a control"));
	CHECK(check("splunk://x:a%0ab@h", &type, &why) == -EINVAL && strstr(why, "control"));
	CHECK(check("otlp://h/a%0d%0ab", &type, &why) == -EINVAL && strstr(why, "control"));
	CHECK(check("file:/x?format=xml", &type, &why) == -EINVAL && strstr(why, "\"xml\""));
}

static void values_have_units_and_fallbacks(void) {
	const char *why = "";
	struct sink_url u;
	struct sink s;
	uint64_t v;
	bool yes;

	CHECK(!url_parse("file:/x?max_bytes=3MiB&max_age=2h&sync=no&keep=9x", &u, &why));
	s = (struct sink){ .url = &u, .type = sink_type("file") };
	CHECK(!sink_bytes(&s, "max_bytes", &v) && v == 3 << 20);
	CHECK(!sink_ms(&s, "max_age", &v) && v == 7200000);
	CHECK(!sink_yes(&s, "sync", &yes) && !yes);
	CHECK(sink_bytes(&s, "keep", &v) == -EINVAL && strstr(s.why, "keep"));
	CHECK(sink_ms(&s, "max_bytes", &v) == -EINVAL);
	CHECK(!sink_bytes(&s, "other", &v) && v == 0);
	url_free(&u);
	CHECK(!url_parse("file:/x", &u, &why));
	CHECK(!sink_bytes(&s, "max_bytes", &v) && v == 64 << 20);
	CHECK(!sink_yes(&s, "sync", &yes) && yes);
	url_free(&u);
}

static void a_timeout_is_never_none(void) {
	static const char *const schemes[] = { "unix:/x", "tcp://h:1", "tls://h:1", "syslog://h",
					       "otlp://h", "splunk://x:t@h", "elastic://h",
					       "kafka://h/t", "stdout:" };
	static const char *const bad[] = { "0s", "61m", "0ms" };
	char text[64];

	for (size_t i = 0; i < 3 * sizeof(schemes) / sizeof(schemes[0]); i++) {
		bool binary = !strcmp(schemes[i / 3], "stdout:");
		const char *why = "";
		struct sink_url u;
		struct sink s;

		(void)snprintf(text, sizeof(text), "%s?timeout=%s%s", schemes[i / 3], bad[i % 3],
			       binary ? "&format=json" : "");
		CHECK(!url_parse(text, &u, &why));
		CHECK(sink_open(&u, "x", &s) == -EINVAL);
		CHECK(strstr(s.why, "\"timeout\" is from 1ms"));
		url_free(&u);
	}
}

static void what_a_receiver_said_ends_no_line(void) {
	struct sink s = { 0 };

	CHECK(sink_fail(&s, -EIO, "said: %s", "a\r\n\033[2J\x7f\xc2\x9b""1m\xff\xc3\xa9") == -EIO);
	CHECK(same(s.why, "said: a   [2J   1m?\xc3\xa9"));
	(void)sink_fail(&s, 0, "%0254d\xc3\xa9", 0); /* a character is cut */
	CHECK(strlen(s.why) == 255 && s.why[254] == '?');
}

/* A URL that cannot be parsed is shown as well. */
static void a_url_is_shown_without_its_secrets(void) {
	static const char *const shown[][2] = {
		{ "file:/var/log/x?format=json&keep=2", "file:/var/log/x?format=json&keep=2" },
		{ "splunk://x:hunter2@h:99999/p", "splunk://***@h:99999/p" },
		{ "elastic://me:a@hunter2@h", "elastic://***@h" },
		{ "elastic://me:a/hunter2@h", "elastic://***@h" },
		{ "tcp://me:a?hunter2@h", "tcp://***@h" },
		{ "tcp://me:1/hunter2@h", "tcp://***@h" },
		{ "tcp://me:1?hunter2@h", "tcp://me:1?***" },
		{ "kafka://b:9092/t?tls=no&librdkafka=sasl.username=u@corp,sasl.password=hunter2",
		  "kafka://b:9092/t?tls=no&librdkafka=***" },
		{ "kafka://[::1]:9092?token=u@corp,hunter2&tls=no",
		  "kafka://[::1]:9092?token=***&tls=no" },
		{ "elastic://h?a=u@corp&api_key=hunter2", "elastic://h?a=u@corp&api_key=***" },
		{ "splunk://h:0?token=hunter2&index=i", "splunk://h:0?token=***&index=i" },
		{ "elastic://h?a=1&api_key=hunter2", "elastic://h?a=1&api_key=***" },
		{ "elastic://h?tok%65n=hunter2&&b", "elastic://h?tok%65n=***&&b" },
		{ "file:/x?hash_key=hunter2=&secrets=a,b", "file:/x?hash_key=***&secrets=a,b" },
		{ "", "" },
	};
	struct buf b = { 0 };

	for (size_t i = 0; i < sizeof(shown) / sizeof(shown[0]); i++) {
		buf_reset(&b);
		url_show(&b, shown[i][0]);
		buf_add_char(&b, '\0');
		CHECK(same(b.data, shown[i][1]));
	}
	buf_done(&b);
}

int main(void) {
	RUN(a_url_is_taken_apart);
	RUN(bad_urls_are_refused_with_a_reason);
	RUN(a_url_is_shown_without_its_secrets);
	RUN(a_url_cut_anywhere_is_harmless);
	RUN(unknown_sinks_keys_and_formats_are_refused);
	RUN(values_have_units_and_fallbacks);
	RUN(a_timeout_is_never_none);
	RUN(what_a_receiver_said_ends_no_line);
	DONE();
}
