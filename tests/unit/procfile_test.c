/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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

int main(void) {
	RUN(number_behind_a_name_is_read);
	RUN(missing_file_or_line_is_said_and_ret_untouched);
	DONE();
}
