/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hostroot.h"

void watch_default(struct watch *w) {
	static const char *const paths[] = {
		"/etc/shadow",		  "/etc/shadow-",
		"/etc/gshadow",		  "/etc/gshadow-",
		"/etc/security/opasswd",  "/etc/krb5.keytab",
		"/etc/ssl/private",	  "/etc/kubernetes/admin.conf",
		"/etc/kubernetes/pki",	  "/var/lib/kubelet/pki",
		"/etc/rancher/k3s",	  "/root/.ssh",
		"/root/.aws",		  "/root/.azure",
		"/root/.config/gcloud",	  "/root/.kube",
		"/root/.docker",	  "/root/.gnupg",
		"/root/.netrc",		  "/root/.git-credentials",
		"/root/.pgpass",	  "/root/.my.cnf",
		/* what Sigma's rules about reading name, but for what each login reads */
		"/etc/login.defs",	  "/etc/security/pwquality.conf",
		"/etc/pam.d/auth",	  "/etc/pam.d/common-password",
		"/etc/pam.d/system-auth", "/etc/lsb-release",
		"/etc/redhat-release",	  "/etc/issue",
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		(void)watch_add(w, paths[i]);
}

int watch_add(struct watch *w, const char *path) {
	const char *name = strrchr(path, '/');

	if (path[0] != '/' || !name[1] || strlen(name + 1) >= KNOBS_WATCH_NAME - 1 ||
	    strlen(path) >= PATH_MAX)
		return -EINVAL;
	if (w->n_paths == WATCH_PATHS)
		return -E2BIG;
	w->paths[w->n_paths++] = (struct watch_path){ .path = path };
	return 0;
}

/* look - the inode of @path; -EAGAIN: it would have to be waited for, -errno: it is not there */
static int look(const char *path, bool wait, struct statx *ret) {
	int fd = hostroot_open(path, O_PATH | O_CLOEXEC, wait), err;

	if (fd < 0)
		return fd;
	err = statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, ret)
		      ? -errno
		      : 0;
	(void)close(fd);
	return err;
}

/* resolve - the rows of @path as it is now; false: not known without waiting */
static bool resolve(const char *path, bool wait, struct watch_path *ret) {
	const char *name = strrchr(path, '/');
	char folder[PATH_MAX];
	struct statx st;
	int err;

	*ret = (struct watch_path){ .path = path };
	memcpy(folder, path, (size_t)(name - path));
	memcpy(folder + (name - path), "/", 2);
	err = look(folder, wait, &st);
	if (err)
		return err != -EAGAIN;
	ret->rows[0].dir_ino = st.stx_ino;
	memcpy(ret->rows[0].name, name + 1, strlen(name + 1));
	ret->n_rows = 1;
	err = look(path, wait, &st);
	if (!err && S_ISDIR(st.stx_mode))
		ret->rows[ret->n_rows++].dir_ino = st.stx_ino;
	return err != -EAGAIN;
}

int watch_refresh(struct watch *w, struct probe *p, bool wait) {
	struct knobs_watch list[WATCH_PATHS * WATCH_ROWS];
	struct watch_path now;
	bool changed = false;
	size_t n = 0;

	for (size_t i = 0; i < w->n_paths; i++) {
		struct watch_path *was = &w->paths[i];

		if (resolve(was->path, wait, &now) && memcmp(&now, was, sizeof(now)) != 0) {
			*was = now;
			changed = true;
		}
		memcpy(&list[n], was->rows, was->n_rows * sizeof(list[0]));
		n += was->n_rows;
	}
	return changed ? probe_watch(p, list, n) : 0;
}
