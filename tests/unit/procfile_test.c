/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/procfile.h"
#include "test.h"

static void number_behind_a_name_is_read(void) {
	uint64_t v = 0;

	CHECK(!procfile_number("/proc/self/status", "Tgid", &v) && v == (uint64_t)getpid());
}

static void missing_file_or_line_is_said_and_ret_untouched(void) {
	uint64_t v = 7;

	CHECK(procfile_number("/proc/self/no-such-file", "Tgid", &v) == -ENOENT && v == 7);
	CHECK(procfile_number("/proc/self/status", "NoSuchName", &v) == -ENOENT && v == 7);
	CHECK(procfile_number("/proc/self/status", "Tgi", &v) == -ENOENT && v == 7);
}

static void first_line_is_read_as_far_as_it_fits(void) {
	char line[64] = "old", few[3] = "ol";

	procfile_line("/proc/self/status", line, sizeof(line));
	CHECK(!strcmp(line, "Name:\tprocfile_test"));
	procfile_line("/proc/self/status", few, sizeof(few));
	CHECK(!strcmp(few, "Na"));
	procfile_line("/proc/self/no-such-file", line, sizeof(line));
	CHECK(!line[0]);
}

int main(void) {
	RUN(number_behind_a_name_is_read);
	RUN(missing_file_or_line_is_said_and_ret_untouched);
	RUN(first_line_is_read_as_far_as_it_fits);
	DONE();
}
