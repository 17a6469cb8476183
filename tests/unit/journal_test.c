/* SPDX-License-Identifier: Apache-2.0 */
/* The journal, from files that systemd's own tool makes. */
#include "app/journal.h"
#include "test.h"

#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#define REMOTE "/lib/systemd/systemd-journal-remote"

static char folder[] = "/tmp/lapwing-journal-XXXXXX";
static struct {
	char service[16];
	char text[2 * JOURNAL_LINE];
	uint32_t n;
} lines[64];
static unsigned n_lines;

/* entry - in systemd's export format */
static void entry(FILE *f, const char *message, size_t n, const char *more) {
	static unsigned long long us = 1764111601123456ull;
	uint64_t le = n;

	(void)fprintf(f, "__REALTIME_TIMESTAMP=%llu\n__MONOTONIC_TIMESTAMP=%llu\n"
			 "_BOOT_ID=0123456789abcdef0123456789abcdef\n%sMESSAGE\n", us, us, more);
	us += 1000;
	(void)fwrite(&le, sizeof(le), 1, f);
	(void)fwrite(message, 1, n, f);
	(void)fputs("\n\n", f);
}

static FILE *to(const char *file) {
	char command[256];

	(void)snprintf(command, sizeof(command), REMOTE " -o %s/%s.journal - >/dev/null 2>&1",
		       folder, file);
	return popen(command, "w"); /* NOLINT: our own words */
}

static int keep(void *ctx, const char *service, struct str line) {
	if (n_lines == sizeof(lines) / sizeof(lines[0]))
		return -1;
	(void)ctx;
	(void)snprintf(lines[n_lines].service, sizeof(lines[n_lines].service), "%s", service);
	lines[n_lines].n = line.n;
	memcpy(lines[n_lines].text, line.s, line.n);
	lines[n_lines++].text[line.n] = '\0';
	return 0;
}

/* lines_of - reads until @n have come, or a second is over: inotify tells of new files */
static unsigned lines_of(struct journal *j, unsigned n) {
	int fault;

	n_lines = 0;
	for (int i = 0; i < 50 && n_lines < n; i++) {
		CHECK(!journal_read(j, "syslog", keep, NULL, &fault) && !fault);
		(void)usleep(20000);
	}
	return n_lines;
}

static bool no_tool(void) {
	return access(REMOTE, X_OK) != 0;
}

#define SSHD                                                          \
	"_HOSTNAME=box\nSYSLOG_IDENTIFIER=sshd\nSYSLOG_PID=7\n_PID=8\n" \
	"SYSLOG_FACILITY=10\n_TRANSPORT=syslog\n"

static void an_entry_is_the_line_that_syslog_would_have_made(void) {
	struct journal *j;
	const char *why;
	FILE *f;

	if (no_tool())
		SKIP("systemd-journal-remote is not installed");
	f = to("a");
	entry(f, "of before", 9, SSHD);
	CHECK(!pclose(f));
	CHECK(!journal_open(folder, &j, &why));
	CHECK(lines_of(j, 1) == 0);
	f = to("a");
	entry(f, "bad password", 12, SSHD);
	entry(f, "one\ntwo\0x", 9, "_HOSTNAME=b x\n_COMM=some prog\n_PID=9\nSYSLOG_FACILITY=3\n");
	entry(f, "oops", 4, "SYSLOG_FACILITY=0\nSYSLOG_IDENTIFIER=kernel\n_TRANSPORT=kernel\n");
	entry(f, "forged", 6, "SYSLOG_FACILITY=0\nSYSLOG_IDENTIFIER=kernel\n_TRANSPORT=journal\n");
	entry(f, "", 0, SSHD);
	CHECK(!pclose(f));
	CHECK(lines_of(j, 4) == 4);
	CHECK(!strcmp(lines[0].service, "auth"));
	CHECK(!strncmp(lines[0].text, "2025-11-25T23:00:01.", 20));
	CHECK(!strcmp(lines[0].text + 26, "+00:00 box sshd[8]: bad password"));
	CHECK(!strcmp(lines[1].service, "syslog"));
	CHECK(strstr(lines[1].text, "+00:00 b_x some_prog[9]: one two x"));
	CHECK(!strcmp(lines[2].service, "kernel"));
	CHECK(strstr(lines[2].text, "+00:00 - kernel: oops"));
	CHECK(!strcmp(lines[3].service, "syslog"));
	journal_free(j);
}

/* As when journald begins a new file, and puts the old one aside. */
static void it_goes_on_in_a_new_file_and_from_nothing(void) {
	struct journal *j;
	const char *why;
	FILE *f;

	if (no_tool())
		SKIP("systemd-journal-remote is not installed");
	CHECK(!journal_open(folder, &j, &why));
	for (char name[] = "n"; *name < 'r'; ++*name) {
		f = to(name);
		entry(f, name, 1, SSHD);
		CHECK(!pclose(f));
		CHECK(lines_of(j, 1) == 1);
		CHECK(n_lines && lines[0].text[lines[0].n - 1] == *name);
	}
	journal_free(j);
}

static void a_long_message_comes_in_pieces(void) {
	size_t n = 20000;
	char *text = malloc(n), *colon;
	struct journal *j;
	size_t sum = 0;
	const char *why;
	FILE *f;

	if (no_tool())
		SKIP("systemd-journal-remote is not installed");
	CHECK(text != NULL && !journal_open(folder, &j, &why));
	for (size_t i = 0; i < n; i++)
		text[i] = (char)('a' + i % 26);
	f = to("long");
	entry(f, text, n, SSHD);
	CHECK(!pclose(f));
	CHECK(lines_of(j, 3) == 3);
	for (unsigned i = 0; i < n_lines; i++) {
		colon = strstr(lines[i].text, "sshd[8]: ");
		CHECK(lines[i].n <= JOURNAL_LINE && colon);
		sum += colon ? strlen(colon + 9) : 0;
		CHECK(colon && colon[9] == text[sum - strlen(colon + 9)]);
	}
	CHECK(sum == n);
	journal_free(j);
	free(text);
}

/* cut - @name.journal, of which nothing but its first page is left */
static void cut(const char *name) {
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s.journal", folder, name);
	CHECK(!truncate(path, 4096));
}

static int keep_and_cut(void *ctx, const char *service, struct str line) {
	if (!n_lines)
		cut(ctx);
	return keep(NULL, service, line);
}

/* Whoever may write the file may do that; it costs what was in it, and not the sensor. */
static void a_file_that_is_cut_short_while_it_is_read_is_a_fault(void) {
	static char cut_name[] = "cut";
	static char text[4000];
	struct journal *j;
	const char *why;
	int fault = 0;
	FILE *f;

	if (no_tool())
		SKIP("systemd-journal-remote is not installed");
	CHECK(!journal_open(folder, &j, &why));
	f = to(cut_name);
	for (int i = 0; i < 50; i++) {
		memset(text, 'a' + i % 26, sizeof(text));
		text[0] = (char)('A' + i % 26);
		entry(f, text, sizeof(text), SSHD);
	}
	CHECK(!pclose(f));
	n_lines = 0;
	for (int i = 0; i < 50 && !fault; i++) {
		CHECK(!journal_read(j, "syslog", keep_and_cut, cut_name, &fault));
		(void)usleep(20000);
	}
	CHECK(n_lines > 0 && n_lines < 50 && fault);
	/* the library lets go of the file, and finds the next one */
	for (int i = 0; i < 50 && fault; i++)
		CHECK(!journal_read(j, "syslog", keep, NULL, &fault));
	f = to("after");
	entry(f, "after", 5, SSHD);
	CHECK(!pclose(f));
	CHECK(lines_of(j, 1) == 1 && !strcmp(lines[0].text + lines[0].n - 5, "after"));
	journal_free(j);
}

static void a_folder_that_is_not_there_is_told(void) {
	struct journal *j = NULL;
	const char *why = NULL;

	CHECK(journal_open("/nowhere/at/all", &j, &why) < 0 && !j && why);
	journal_free(NULL);
}

int main(void) {
	char command[64];

	if (!mkdtemp(folder))
		return 1;
	RUN(it_goes_on_in_a_new_file_and_from_nothing);
	RUN(an_entry_is_the_line_that_syslog_would_have_made);
	RUN(a_long_message_comes_in_pieces);
	RUN(a_file_that_is_cut_short_while_it_is_read_is_a_fault);
	RUN(a_folder_that_is_not_there_is_told);
	(void)snprintf(command, sizeof(command), "rm -r %s", folder);
	if (system(command)) /* NOLINT: our own words */
		return 1;
	DONE();
}
