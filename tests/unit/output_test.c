/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink/output.h"
#include "test.h"

static char folder[] = "/tmp/lapwing-output-XXXXXX";

static const char *spec_of(const char *format, const char *name) {
	static char spec[256];

	(void)snprintf(spec, sizeof(spec), "%s:%s/%s", format, folder, name);
	return spec;
}

static const char *path_of(const char *name) {
	return strchr(spec_of("json", name), ':') + 1;
}

/* refuses - the error, and that the sentence names what was asked for and a way out */
static bool refuses(const char *spec, int error, const char *word) {
	const char *why = NULL;
	struct output s = { .fd = 77 };
	int r = output_open(spec, &s, &why);

	if (r == error && why && strstr(why, word) && strchr(why, ';') && s.fd == 77)
		return true;
	printf("# \"%s\" gave %d: %s\n", spec, r, why ? why : "(no reason)");
	return false;
}

static bool holds(const char *name, const char *want) {
	char got[64] = "";
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, got, sizeof(got) - 1);

	if (fd >= 0)
		(void)close(fd);
	return n == (ssize_t)strlen(want) && !memcmp(got, want, (size_t)n);
}

static void what_is_not_a_spec_is_refused(void) {
	static const char *const bad[] = { "", "json", "xml:-", "JSON:-", ":-", "-", "jso:x" };

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		CHECK(refuses(bad[i], -EINVAL, "FORMAT:PLACE"));
	CHECK(refuses("json:", -EINVAL, "missing"));
}

static void a_file_is_made_private_and_filled_in_order(void) {
	const char *why = NULL;
	struct output s;
	struct stat st;
	mode_t old = umask(0);

	CHECK(output_open(spec_of("json", "new"), &s, &why) == 0);
	(void)umask(old);
	CHECK(s.format == OUTPUT_JSON && s.lossless && !s.tty && s.fd > 2);
	CHECK(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
	buf_add_lit(&s.buf, "one ");
	CHECK(output_flush(&s) == 0 && s.buf.len == 0 && s.written_bytes == 4);
	CHECK(output_flush(&s) == 0);
	buf_add_lit(&s.buf, "two");
	CHECK(output_close(&s) == 0);
	CHECK(holds("new", "one two"));
	CHECK(stat(path_of("new"), &st) == 0 && (st.st_mode & 07777) == 0600);
}

static void an_existing_file_is_emptied_first(void) {
	const char *why = NULL;
	struct output s;

	CHECK(output_open(spec_of("text", "new"), &s, &why) == 0);
	CHECK(s.format == OUTPUT_TEXT && !s.lossless);
	CHECK(holds("new", "one two"));
	CHECK(output_begin(&s) == 0);
	CHECK(holds("new", ""));
	CHECK(output_close(&s) == 0);
}

static void dev_null_and_a_fifo_are_places(void) {
	const char *why = NULL;
	struct output s;
	int reader;

	CHECK(output_open("proto:/dev/null", &s, &why) == 0);
	CHECK(output_close(&s) == 0);
	CHECK(mkfifo(path_of("fifo"), 0600) == 0);
	reader = open(path_of("fifo"), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	CHECK(reader >= 0);
	CHECK(output_open(spec_of("proto", "fifo"), &s, &why) == 0);
	CHECK(output_close(&s) == 0);
	(void)close(reader);
}

static void places_that_cannot_hold_events_are_refused_with_the_remedy(void) {
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(refuses(spec_of("json", "missing/file"), -ENOENT, "make it first"));
	CHECK(refuses(spec_of("json", "new/file"), -ENOTDIR, "folder"));
	CHECK(refuses(spec_of("json", ""), -EISDIR, "is a folder"));
	CHECK(symlink("new", path_of("link")) == 0);
	CHECK(refuses(spec_of("json", "link"), -ELOOP, "symbolic link"));
	CHECK(refuses("json:/dev/full", -EINVAL, "device"));
	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s", path_of("socket"));
	CHECK(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0);
	CHECK(refuses(spec_of("json", "socket"), -EINVAL, "neither a file nor a FIFO"));
	(void)close(fd);
}

static void a_file_that_the_user_may_not_write_is_refused(void) {
	bool ok = false;
	int status = 0;
	pid_t pid;

	if (geteuid() != 0) {
		CHECK(chmod(path_of("new"), 0400) == 0);
		CHECK(refuses(spec_of("json", "new"), -EACCES, "may not be written"));
		CHECK(chmod(path_of("new"), 0600) == 0);
		return;
	}
	/* root may write anything, so another user asks */
	CHECK(chmod(folder, 0755) == 0);
	pid = fork();
	if (pid == 0) {
		ok = setgid(65534) == 0 && setuid(65534) == 0 &&
		     refuses(spec_of("json", "new"), -EACCES, "may not be written");
		_exit(ok ? 0 : 1);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void a_full_pipe_is_waited_for(void) {
	enum { BYTES = 300000 };
	struct output s = { .format = OUTPUT_PROTO };
	int ends[2], status = 0;
	pid_t pid;

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	CHECK(fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0);
	pid = fork();
	if (pid == 0) {
		size_t got = 0, sum = 0;
		char part[777];
		ssize_t n;

		(void)close(ends[1]);
		(void)usleep(50000); /* long enough for the pipe to fill */
		while ((n = read(ends[0], part, sizeof(part))) > 0) {
			for (ssize_t i = 0; i < n; i++, got++)
				sum += (unsigned char)part[i] == got % 251;
		}
		_exit(got == BYTES && sum == BYTES ? 0 : 1);
	}
	(void)close(ends[0]);
	s.fd = ends[1];
	for (int i = 0; i < BYTES; i++)
		buf_add_char(&s.buf, (char)(i % 251));
	CHECK(output_flush(&s) == 0);
	CHECK(s.written_bytes == BYTES && s.buf.len == 0);
	CHECK(output_close(&s) == 0);
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void a_stalled_pipe_is_told_at_once_and_loses_nothing(void) {
	enum { BYTES = 300000 };
	struct output s = { .format = OUTPUT_PROTO, .hurried = true };
	size_t got = 0, right = 0;
	int ends[2], r;

	CHECK(pipe2(ends, O_CLOEXEC) == 0); /* blocking, as a shell's pipe is */
	s.fd = ends[1];
	for (int i = 0; i < BYTES / 2; i++)
		buf_add_char(&s.buf, (char)(i % 251));
	(void)alarm(5); /* a flush that waits does not come back */
	CHECK(output_flush(&s) == -EAGAIN);
	CHECK(s.written_bytes > 0 && s.written_bytes + output_backlog(&s) == BYTES / 2);
	for (int i = BYTES / 2; i < BYTES; i++)
		buf_add_char(&s.buf, (char)(i % 251));
	do {
		char part[777];
		ssize_t n = read(ends[0], part, sizeof(part));

		for (ssize_t i = 0; i < n; i++, got++)
			right += (unsigned char)part[i] == got % 251;
		r = output_flush(&s);
		CHECK(r == 0 || r == -EAGAIN);
		CHECK(got <= s.written_bytes && s.written_bytes + output_backlog(&s) == BYTES);
	} while (got < BYTES);
	CHECK(right == BYTES && r == 0 && s.buf.len == 0 && s.done == 0);
	CHECK(output_close(&s) == 0);
	(void)alarm(0);
	(void)close(ends[0]);
}

static void closing_a_stalled_pipe_drops_the_rest(void) {
	enum { BYTES = 300000 };
	struct output s = { .format = OUTPUT_PROTO, .hurried = true };
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	s.fd = ends[1];
	for (int i = 0; i < BYTES; i++)
		buf_add_char(&s.buf, 'x');
	(void)alarm(5);
	CHECK(output_close(&s) == -EAGAIN);
	(void)alarm(0);
	CHECK(s.buf.data == NULL && output_backlog(&s) == 0);
	(void)close(ends[0]);
}

static void a_hurried_output_tells_of_a_reader_that_is_gone(void) {
	struct output s = { .format = OUTPUT_JSON, .hurried = true };
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	(void)close(ends[0]);
	s.fd = ends[1];
	buf_add_lit(&s.buf, "kept");
	CHECK(output_flush(&s) == -EPIPE);
	CHECK(output_backlog(&s) == 4);
	CHECK(output_close(&s) == -EPIPE);
}

static void one_file_by_two_names_clashes_and_stays_as_it_was(void) {
	struct output a, b, other;
	const char *why = NULL;
	char old[256];

	CHECK(output_open(spec_of("json", "mine"), &a, &why) == 0);
	buf_add_lit(&a.buf, "precious");
	CHECK(output_close(&a) == 0);
	(void)snprintf(old, sizeof(old), "%s", path_of("mine"));
	CHECK(link(old, path_of("alias")) == 0);
	CHECK(output_open(spec_of("json", "mine"), &a, &why) == 0);
	CHECK(output_open(spec_of("proto", "alias"), &b, &why) == 0);
	CHECK(output_open(spec_of("text", "other"), &other, &why) == 0);
	CHECK(output_clash(&a, &b) && output_clash(&b, &a));
	CHECK(!output_clash(&a, &other));
	CHECK(output_is(&a, path_of("alias")) && !output_is(&a, path_of("other")));
	CHECK(!output_is(&a, path_of("missing")));
	CHECK(output_close(&a) == 0 && output_close(&b) == 0 && output_close(&other) == 0);
	CHECK(holds("mine", "precious") && holds("alias", "precious"));
}

static void places_that_are_not_files_do_not_clash(void) {
	struct output a, b;
	const char *why = NULL;

	CHECK(output_open("json:/dev/null", &a, &why) == 0);
	CHECK(output_open("text:/dev/null", &b, &why) == 0);
	CHECK(!output_clash(&a, &b) && !output_is(&a, "/dev/null"));
	CHECK(output_begin(&a) == 0);
	CHECK(output_close(&a) == 0 && output_close(&b) == 0);
}

static void a_reader_that_is_gone_is_epipe_and_the_bytes_stay(void) {
	struct output s = { .format = OUTPUT_JSON };
	int ends[2];

	CHECK(pipe2(ends, O_CLOEXEC) == 0);
	(void)close(ends[0]);
	s.fd = ends[1];
	buf_add_lit(&s.buf, "kept");
	CHECK(output_flush(&s) == -EPIPE);
	CHECK(s.buf.len == 4 && !memcmp(s.buf.data, "kept", 4) && s.written_bytes == 0);
	CHECK(output_close(&s) == -EPIPE);
	CHECK(s.buf.data == NULL);
}

static void what_a_full_disk_did_not_take_stays_and_goes_out_later(void) {
	struct rlimit old, small = { 6, 0 };
	const char *why = NULL;
	struct output s;

	CHECK(getrlimit(RLIMIT_FSIZE, &old) == 0);
	small.rlim_max = old.rlim_max;
	CHECK(output_open(spec_of("json", "full"), &s, &why) == 0);
	buf_add_lit(&s.buf, "0123456789");
	CHECK(setrlimit(RLIMIT_FSIZE, &small) == 0);
	CHECK(output_flush(&s) == -EFBIG);
	CHECK(setrlimit(RLIMIT_FSIZE, &old) == 0);
	CHECK(s.buf.len == 4 && s.written_bytes == 6);
	buf_add_lit(&s.buf, "ab");
	CHECK(output_close(&s) == 0);
	CHECK(holds("full", "0123456789ab"));
}

static void an_encoder_without_memory_is_told_once(void) {
	const char *why = NULL;
	struct output s;

	CHECK(output_open(spec_of("json", "memory"), &s, &why) == 0);
	buf_add_lit(&s.buf, "whole");
	s.buf.error = -ENOMEM;
	CHECK(output_flush(&s) == -ENOMEM);
	CHECK(output_flush(&s) == 0);
	CHECK(output_close(&s) == 0);
	CHECK(holds("memory", "whole"));
}

static void a_closed_standard_output_is_refused(void) {
	int saved = dup(STDOUT_FILENO);
	bool refused;

	(void)fflush(stdout);
	(void)close(STDOUT_FILENO);
	refused = refuses("json:-", -EBADF, "standard output");
	CHECK(dup2(saved, STDOUT_FILENO) == STDOUT_FILENO);
	(void)close(saved);
	CHECK(refused);
}

int main(void) {
	static const char *const made[] = { "new",  "fifo",   "link", "socket", "full",
					    "memory", "mine", "alias", "other" };

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	if (!mkdtemp(folder))
		return 1;
	RUN(what_is_not_a_spec_is_refused);
	RUN(a_file_is_made_private_and_filled_in_order);
	RUN(an_existing_file_is_emptied_first);
	RUN(dev_null_and_a_fifo_are_places);
	RUN(places_that_cannot_hold_events_are_refused_with_the_remedy);
	RUN(a_file_that_the_user_may_not_write_is_refused);
	RUN(a_full_pipe_is_waited_for);
	RUN(a_stalled_pipe_is_told_at_once_and_loses_nothing);
	RUN(closing_a_stalled_pipe_drops_the_rest);
	RUN(a_hurried_output_tells_of_a_reader_that_is_gone);
	RUN(one_file_by_two_names_clashes_and_stays_as_it_was);
	RUN(places_that_are_not_files_do_not_clash);
	RUN(a_reader_that_is_gone_is_epipe_and_the_bytes_stay);
	RUN(what_a_full_disk_did_not_take_stays_and_goes_out_later);
	RUN(an_encoder_without_memory_is_told_once);
	RUN(a_closed_standard_output_is_refused);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		(void)unlink(path_of(made[i]));
	(void)rmdir(folder);
	DONE();
}
