/* SPDX-License-Identifier: Apache-2.0 */
#include "app/orders.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "app/claim.h"
#include "base/file.h"
#include "base/log.h"
#include "base/procfile.h"

#define ORDER "order"

static bool off_by_cmdline(void) {
	char line[4097], *word, *rest;

	procfile_line("/proc/cmdline", line, sizeof(line));
	for (word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (!strcmp(word, ORDERS_OFF_WORD))
			return true;
	return false;
}

bool orders_off_by_file(const char *off_file) {
	if (access(off_file, F_OK))
		return false;
	log_warn("the sensor is switched off by \"%s\": nothing is started", off_file);
	return true;
}

bool orders_off(const char *off_file) {
	if (orders_off_by_file(off_file))
		return true;
	if (!off_by_cmdline())
		return false;
	log_warn("the sensor is switched off by " ORDERS_OFF_WORD
		 " on the kernel's command line: nothing is started");
	return true;
}

int orders_leave(const char *folder, unsigned order) {
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC), err;
	char byte = (char)('0' + order);

	if (dir < 0)
		return -errno;
	err = file_write_at(dir, ORDER, &byte, 1);
	if (!err)
		claim_signal(dir, SIGUSR1);
	(void)close(dir);
	return err;
}

bool orders_take(int dir, struct guard_mark *mark, const struct guard_now *now) {
	int fd = openat(dir, ORDER, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char byte = 0;

	if (fd < 0)
		return false;
	if (read(fd, &byte, 1) != 1)
		byte = 0;
	(void)close(fd);
	(void)unlinkat(dir, ORDER, 0);
	if (byte == '0' + ORDERS_RELEASE)
		guard_release(mark, now);
	else if (byte >= '0' && byte < '0' + GUARD_LEVELS)
		guard_order(mark, (enum guard_level)(byte - '0'));
	else
		return false;
	return true;
}
