/* SPDX-License-Identifier: Apache-2.0 */
/* `lapwing cat`, run in a child with its output in files. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cat.c"
#include "cli/cli.c"
#include "cli/events.c"
#include "test.h"

static char folder[] = "/tmp/lapwing-cat-XXXXXX";
static char out[4096], said[4096];

static const char *path_of(const char *name) {
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void put_file(const char *name, const void *bytes, size_t n) {
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
	(void)close(fd);
}

static void get_file(const char *name, char *ret, size_t size) {
	int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	(void)close(fd);
}

/* cat - the exit code; standard input is the file "in", what it prints is in @out and @said */
static int cat(const char *a, const char *b, const char *c, const char *d) {
	const char *words[] = { "cat", a, b, c, d, NULL };
	char *argv[6] = { 0 };
	int argc = 0, status = 0;
	pid_t pid;

	for (; words[argc]; argc++)
		argv[argc] = strdup(words[argc]);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int in = open(path_of("in"), O_RDONLY);
		int to = open(path_of("out"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int err = open(path_of("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

		if (dup2(in, 0) != 0 || dup2(to, 1) != 1 || dup2(err, 2) != 2)
			_exit(99);
		_exit(command_cat.run(argc, argv));
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	for (int i = 0; i < argc; i++)
		free(argv[i]);
	get_file("out", out, sizeof(out));
	get_file("err", said, sizeof(said));
	return WEXITSTATUS(status);
}

/* three_events - KIND only, each of three bytes on disk */
static size_t three_events(char *ret) {
	struct buf b = { 0 };
	struct event e;
	size_t n;

	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_FILE_OPEN);
	encode_proto(&b, &e);
	e.kind = WIRE_PROCESS_EXEC;
	encode_proto(&b, &e);
	e.kind = WIRE_NET_CONNECT;
	encode_proto(&b, &e);
	n = b.len;
	memcpy(ret, b.data, n);
	buf_done(&b);
	return n;
}

static void events_of_files_and_standard_input_come_out_in_order(void) {
	char bytes[16];
	size_t n = three_events(bytes);

	put_file("a", bytes, n);
	put_file("in", bytes, 3);
	CHECK(n == 9);
	CHECK(cat("--json", path_of("a"), "-", NULL) == CLI_OK);
	CHECK(!strcmp(out, "{\"kind\":\"FILE_OPEN\"}\n{\"kind\":\"PROCESS_EXEC\"}\n"
			   "{\"kind\":\"NET_CONNECT\"}\n{\"kind\":\"FILE_OPEN\"}\n"));
	CHECK(!*said);
	put_file("empty", "", 0);
	CHECK(cat(path_of("empty"), NULL, NULL, NULL) == CLI_OK);
	CHECK(!*out && !*said);
}

static void kinds_are_chosen_in_both_spellings(void) {
	CHECK(cat("--json", "--kind=exec,NET_Connect", path_of("a"), NULL) == CLI_OK);
	CHECK(!strcmp(out, "{\"kind\":\"PROCESS_EXEC\"}\n{\"kind\":\"NET_CONNECT\"}\n"));
	CHECK(cat("--kind", "exce", path_of("a"), NULL) == CLI_USAGE);
	CHECK(!*out && strstr(said, "\"exce\"") && strstr(said, "\"EXEC\""));
	CHECK(cat("--kind", "", path_of("a"), NULL) == CLI_USAGE);
	CHECK(cat("--kind", "exec,", path_of("a"), NULL) == CLI_USAGE);
}

static void colour_is_a_choice_and_off_in_a_file(void) {
	CHECK(cat(path_of("a"), NULL, NULL, NULL) == CLI_OK);
	CHECK(!strncmp(out, "--:--:--.---  open ", 19) && !strchr(out, '\033'));
	CHECK(cat("--color=always", path_of("a"), NULL, NULL) == CLI_OK);
	CHECK(strchr(out, '\033') != NULL);
	CHECK(cat("--color=maybe", path_of("a"), NULL, NULL) == CLI_USAGE);
}

static void a_file_cut_anywhere_shows_what_is_whole_and_names_the_byte(void) {
	char bytes[16], place[32];

	(void)three_events(bytes);
	for (size_t n = 0; n < 9; n++) {
		int code;

		put_file("cut", bytes, n);
		code = cat("--json", path_of("cut"), NULL, NULL);
		CHECK(code == (n % 3 ? CLI_FAILURE : CLI_OK));
		(void)snprintf(place, sizeof(place), "cut\", byte %zu: ", n / 3 * 3);
		CHECK(n % 3 ? strstr(said, place) != NULL : !*said);
		CHECK(n < 3 ? !*out : !strncmp(out, "{\"kind\":\"FILE_OPEN\"}\n", 21));
		CHECK((strstr(out, "PROCESS_EXEC") != NULL) == (n >= 6));
	}
}

static void a_damaged_file_is_told_and_the_next_file_still_shown(void) {
	char bytes[16], name[128];

	(void)three_events(bytes);
	bytes[4] = (char)0xff;
	put_file("bad", bytes, 9);
	(void)snprintf(name, sizeof(name), "%s", path_of("bad"));
	CHECK(cat("--json", name, path_of("a"), NULL) == CLI_FAILURE);
	CHECK(strstr(said, "bad\", byte 3: this is not an event"));
	CHECK(strstr(out, "PROCESS_EXEC") != NULL);
	put_file("bad", "\xff\xff\xff\xff\x7f....", 9);
	CHECK(cat(name, NULL, NULL, NULL) == CLI_FAILURE);
	CHECK(strstr(said, "byte 0: no event is this long"));
	put_file("bad", "\x81\x80\x40", 3); /* one byte more than 1 MiB */
	CHECK(cat(name, NULL, NULL, NULL) == CLI_FAILURE);
	CHECK(strstr(said, "no event is this long"));
	put_file("bad", "LAPWTAPE\1\0\0\0\0\0\0\0", 16);
	CHECK(cat(name, NULL, NULL, NULL) == CLI_FAILURE);
	CHECK(strstr(said, "lapwing replay"));
}

static void lines_of_json_are_events_too(void) {
	static const char lines[] = "{\"kind\":\"FILE_OPEN\"}\n{\"kind\":\"PROCESS_EXEC\"}\n";

	put_file("lines", lines, sizeof(lines) - 1);
	CHECK(cat("--json", path_of("lines"), NULL, NULL) == CLI_OK && !strcmp(out, lines));
	put_file("lines", lines, sizeof(lines) - 2); /* a last line without its end is one */
	CHECK(cat("--json", path_of("lines"), NULL, NULL) == CLI_OK && !strcmp(out, lines));
	put_file("lines", lines, sizeof(lines) - 4);
	CHECK(cat("--json", path_of("lines"), NULL, NULL) == CLI_FAILURE);
	CHECK(strstr(said, "lines\", byte 21: this is no event as \"-o json\" writes it"));
	put_file("lines", "{\"@timestamp\":\"x\"}\n", 19);
	CHECK(cat("--json", path_of("lines"), NULL, NULL) == CLI_FAILURE && !*out);
	CHECK(strstr(said, "or in another schema"));
}

static void a_long_file_of_large_events_is_read_through_one_buffer(void) {
	struct buf b = { 0 };
	struct event e;
	char *text = malloc(900000);

	memset(text, 'x', 900000);
	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_FILE_OPEN);
	EVENT_SET(&e, FILE_PATH, file.path, ((struct str){ text, 900000 }));
	for (int i = 0; i < 5; i++)
		encode_proto(&b, &e);
	event_reset(&e);
	EVENT_SET(&e, KIND, kind, WIRE_NET_CONNECT);
	encode_proto(&b, &e);
	put_file("long", b.data, b.len);
	CHECK(cat("--json", "--kind=connect", path_of("long"), NULL) == CLI_OK);
	CHECK(!strcmp(out, "{\"kind\":\"NET_CONNECT\"}\n") && !*said);
	free(text);
	buf_done(&b);
}

static void what_cannot_be_read_is_named(void) {
	CHECK(cat(path_of("missing"), NULL, NULL, NULL) == CLI_FAILURE);
	CHECK(strstr(said, "missing\" cannot be opened: No such file"));
	CHECK(cat(folder, NULL, NULL, NULL) == CLI_FAILURE);
	CHECK(strstr(said, "cannot be read: Is a directory"));
}

static void wrong_usage_names_the_option_and_the_nearest(void) {
	CHECK(cat("--jsno", path_of("a"), NULL, NULL) == CLI_USAGE);
	CHECK(strstr(said, "\"--jsno\"; did you mean \"--json\"?"));
	CHECK(cat("--frobnicate", path_of("a"), NULL, NULL) == CLI_USAGE);
	CHECK(strstr(said, "\"--frobnicate\"") && !strstr(said, "did you mean"));
	CHECK(cat("-x", path_of("a"), NULL, NULL) == CLI_USAGE);
	CHECK(strstr(said, "\"-x\""));
	CHECK(cat("--json=1", path_of("a"), NULL, NULL) == CLI_USAGE);
	CHECK(strstr(said, "takes no value"));
	CHECK(cat(path_of("a"), "--kind", NULL, NULL) == CLI_USAGE);
	CHECK(strstr(said, "\"--kind\" needs a value"));
	CHECK(cat(NULL, NULL, NULL, NULL) == CLI_USAGE);
	CHECK(strstr(said, "a file is missing"));
	CHECK(cat("--help", NULL, NULL, NULL) == CLI_OK);
	CHECK(!strcmp(out, command_cat.usage) && strstr(out, "example: ") && !*said);
}

/* The reader of a pipe goes away: no message; by signal, or 1 where SIGPIPE is ignored. */
static void a_broken_pipe_ends_it_quietly(void) {
	for (int ignored = 0; ignored < 2; ignored++) {
		char *argv[] = { strdup("cat"), strdup(path_of("a")), NULL };
		int ends[2], status = 0;
		pid_t pid;

		CHECK(pipe(ends) == 0);
		(void)close(ends[0]); /* before the child can write */
		(void)fflush(stdout);
		pid = fork();
		if (pid == 0) {
			int err = open(path_of("err"), O_WRONLY | O_CREAT | O_TRUNC, 0600);

			(void)signal(SIGPIPE, ignored ? SIG_IGN : SIG_DFL);
			if (dup2(ends[1], 1) != 1 || dup2(err, 2) != 2)
				_exit(99);
			_exit(command_cat.run(2, argv));
		}
		(void)close(ends[1]);
		CHECK(waitpid(pid, &status, 0) == pid);
		CHECK(ignored ? WIFEXITED(status) && WEXITSTATUS(status) == CLI_FAILURE :
				WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
		get_file("err", said, sizeof(said));
		CHECK(!*said);
		free(argv[0]);
		free(argv[1]);
	}
}

static void colour_follows_no_color_and_the_terminal(void) {
	bool color = true;

	CHECK(setenv("NO_COLOR", "1", 1) == 0);
	CHECK(cli_color(NULL, STDOUT_FILENO, &color) == 0 && !color);
	CHECK(cli_color("always", STDOUT_FILENO, &color) == 0 && color);
	CHECK(cli_color("never", STDOUT_FILENO, &color) == 0 && !color);
	CHECK(cli_color("", STDOUT_FILENO, &color) == -EINVAL);
	CHECK(unsetenv("NO_COLOR") == 0);
}

static void the_nearest_word_is_near(void) {
	static const char *const words[] = { "run", "trace", "cat", "replay", "preflight" };

	CHECK(!strcmp(cli_nearest("trcae", words, 5), "trace"));
	CHECK(!strcmp(cli_nearest("prefligth", words, 5), "preflight"));
	CHECK(cli_nearest("kubernetes", words, 5) == NULL);
	CHECK(cli_nearest("", words, 0) == NULL);
}

int main(void) {
	static const char *const made[] = { "a", "in", "out", "err", "empty",
					    "cut", "bad", "long" };

	if (encode_setup() < 0 || !mkdtemp(folder))
		return 1;
	RUN(events_of_files_and_standard_input_come_out_in_order);
	RUN(kinds_are_chosen_in_both_spellings);
	RUN(colour_is_a_choice_and_off_in_a_file);
	RUN(a_file_cut_anywhere_shows_what_is_whole_and_names_the_byte);
	RUN(a_damaged_file_is_told_and_the_next_file_still_shown);
	RUN(lines_of_json_are_events_too);
	RUN(a_long_file_of_large_events_is_read_through_one_buffer);
	RUN(what_cannot_be_read_is_named);
	RUN(wrong_usage_names_the_option_and_the_nearest);
	RUN(a_broken_pipe_ends_it_quietly);
	RUN(colour_follows_no_color_and_the_terminal);
	RUN(the_nearest_word_is_near);
	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		(void)unlink(path_of(made[i]));
	(void)rmdir(folder);
	DONE();
}
