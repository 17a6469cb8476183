/* SPDX-License-Identifier: Apache-2.0 */
#include "app/watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hostroot.h"
#include "base/log.h"

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
	w->below.homes = true;
}

/* is_watchable - whether @path is one that the hooks can know by its folder and its name there */
static bool is_watchable(const char *path) {
	const char *name = strrchr(path, '/');

	return path[0] == '/' && name && name[1] && strlen(name + 1) < KNOBS_WATCH_NAME - 1 &&
	       strlen(path) < PATH_MAX;
}

int watch_add(struct watch *w, const char *path) {
	if (!is_watchable(path))
		return -EINVAL;
	if (w->n_paths == WATCH_PATHS)
		return -E2BIG;
	w->paths[w->n_paths++] = (struct watch_path){ .path = path };
	return 0;
}

/* --- what rules ask for ----------------------------------------------------------------------- */

struct asked {
	struct watch *watch;
	struct buf *refused;
};

static bool is_there(const struct watch *w, const char *path) {
	for (size_t i = 0; i < w->n_paths; i++)
		if (!strcmp(w->paths[i].path, path))
			return true;
	return false;
}

/* folder_of - the folder that all are below that begin with @path */
static struct str folder_of(struct str path) {
	const char *slash = memrchr(path.s, '/', path.n);

	return slash ? (struct str){ path.s, (uint32_t)(slash - path.s) } : path;
}

/* add_asked - one path more; @why it is not watched, or NULL; -ENOMEM */
static int add_asked(struct watch *w, struct str text, const char **why) {
	char *path = strndup(text.s, text.n);

	*why = NULL;
	if (!path)
		return -ENOMEM;
	if (!is_watchable(path))
		*why = "it is no path of a file or folder below another";
	else if (!is_there(w, path) && w->n_asked == WATCH_ASKED_PATHS)
		*why = "rules ask for too many paths";
	if (*why || is_there(w, path)) {
		free(path);
		return 0;
	}
	w->paths[w->n_paths++] = (struct watch_path){ .path = path };
	w->n_asked++;
	return 0;
}

static int ask(void *ctx, const struct rule_read *read) {
	struct asked *a = ctx;
	const char *why = NULL;
	int err = 0;

	if (read->how >= RULE_READ_TAIL) /* what the default and --watch name may be it */
		return 0;
	if (read->how == RULE_READ_HEAD) /* it may be a folder itself, or no path yet */
		err = add_asked(a->watch, read->text, &why);
	if (!err)
		err = add_asked(a->watch, read->how == RULE_READ_HEAD ? folder_of(read->text)
								       : read->text, &why);
	if (err)
		return err;
	if (why)
		buf_addf(a->refused,
			 "reads of '%.*s', which the rule '%.*s' asks for, are not watched: %s\n",
			 STR_FMT(read->text), STR_FMT(read->rule->title), why);
	return 0;
}

/* changes_there - whether the same is asked for already */
static bool changes_there(const struct watch *w, const struct watch_change *c) {
	for (size_t i = 0; i < w->n_changes; i++)
		if (w->changes[i].how == c->how && !strcmp(w->changes[i].path, c->path))
			return true;
	return false;
}

/* whole_names - of a text that paths end in, the part that is whole names: "/a/b" of "x/a/b" */
static struct str whole_names(struct str text) {
	const char *slash = memchr(text.s, '/', text.n);

	return slash ? (struct str){ slash, text.n - (uint32_t)(slash - text.s) }
		     : (struct str){ 0 };
}

/* ask_change - a name that is lost past the room for them is limited as any other */
static int ask_change(void *ctx, const struct rule_read *read) {
	struct watch *w = ctx;
	struct watch_change c = { .how = read->how };
	struct str text = read->how == RULE_READ_HEAD   ? folder_of(read->text)
			  : read->how == RULE_READ_TAIL ? whole_names(read->text)
							: read->text;
	char *path;

	if (read->how == RULE_READ_PART || w->n_changes == WATCH_CHANGES)
		return 0;
	path = strndup(text.s ?: "", text.n);
	if (!path)
		return -ENOMEM;
	c.path = path;
	if (!is_watchable(path) || changes_there(w, &c))
		free(path);
	else
		w->changes[w->n_changes++] = c;
	return 0;
}

static void drop_asked(struct watch *w) {
	for (; w->n_asked; w->n_asked--)
		free((char *)w->paths[--w->n_paths].path);
	while (w->n_changes)
		free((char *)w->changes[--w->n_changes].path);
}

void watch_done(struct watch *w) {
	drop_asked(w);
	below_done(&w->below);
}

int watch_rules(struct watch *w, const struct ruleset *rules, struct buf *refused) {
	struct asked a = { w, refused };

	drop_asked(w);
	w->fresh = true;
	return rules ? ruleset_reads(rules, ask, &a) ?: ruleset_changes(rules, ask_change, w) : 0;
}

/* --- where they are --------------------------------------------------------------------------- */

/* resolve - the rows of @path as it is now; false: not known without waiting */
static bool resolve(const char *path, bool wait, struct watch_path *ret) {
	const char *name = strrchr(path, '/');
	char folder[PATH_MAX];
	struct statx st;
	int err;

	*ret = (struct watch_path){ .path = path };
	memcpy(folder, path, (size_t)(name - path));
	memcpy(folder + (name - path), "/", 2);
	err = hostroot_stat(folder, wait, &st);
	if (err)
		return err != -EAGAIN;
	ret->rows[0].dir_ino = st.stx_ino;
	memcpy(ret->rows[0].name, name + 1, strlen(name + 1));
	ret->n_rows = 1;
	err = hostroot_stat(path, wait, &st);
	if (!err && S_ISDIR(st.stx_mode))
		ret->rows[ret->n_rows++].dir_ino = st.stx_ino;
	return err != -EAGAIN;
}

/*
 * find_below - all anew: what one change moved may stand anywhere
 * Not below what rules ask for: that may be all of /usr.
 */
static void find_below(struct watch *w, bool wait) {
	struct below *b = &w->below;

	below_begin(b);
	for (size_t i = 0; i < w->n_paths - w->n_asked; i++)
		if (w->paths[i].n_rows == WATCH_ROWS)
			below_add(b, w->paths[i].path, BELOW_TREE, wait);
	if (b->homes)
		below_add_homes(b, wait);
	below_find(b, wait);
}

/* below - the row of a name in any folder that is called so, or in any at all */
static void below(const char *path, struct knobs_watch *ret) {
	const char *name = strrchr(path, '/'), *folder = name;
	uint64_t start = 0;

	while (folder > path && folder[-1] != '/')
		folder--;
	memcpy(&start, folder,
	       (size_t)(name - folder) < sizeof(start) ? (size_t)(name - folder) : sizeof(start));
	*ret = (struct knobs_watch){ .dir_ino = knobs_watch_changes(start) };
	memcpy(ret->name, name + 1, strlen(name + 1));
}

/* resolve_change - the row of @c as it is now; false: not known without waiting */
static bool resolve_change(const struct watch_change *c, bool wait, struct watch_change *ret) {
	struct watch_path at;

	*ret = (struct watch_change){ .path = c->path, .how = c->how };
	if (c->how == RULE_READ_TAIL) {
		below(c->path, &ret->row);
		return true;
	}
	if (!resolve(c->path, wait, &at))
		return false;
	/* a folder is all that is in it, and anything else its name in its folder */
	if (at.n_rows > (c->how == RULE_READ_HEAD)) {
		ret->row = at.rows[c->how == RULE_READ_HEAD];
		ret->row.dir_ino = knobs_watch_changes(ret->row.dir_ino);
	}
	return true;
}

/* refresh_changes - the rows of what rules ask to be told of when it changes; whether one is new */
static bool refresh_changes(struct watch *w, bool wait) {
	bool changed = false;

	for (size_t i = 0; i < w->n_changes; i++) {
		struct watch_change now, *was = &w->changes[i];

		if (resolve_change(was, wait, &now) &&
		    memcmp(&now.row, &was->row, sizeof(now.row)) != 0) {
			was->row = now.row;
			changed = true;
		}
	}
	return changed;
}

int watch_refresh(struct watch *w, struct probe *p, bool wait) {
	struct knobs_watch list[(WATCH_PATHS + WATCH_ASKED_PATHS) * WATCH_ROWS + WATCH_CHANGES +
				BELOW_ROWS];
	struct watch_path now;
	bool changed = w->fresh;
	size_t n = 0;

	wait |= w->fresh;
	w->fresh = false;
	changed |= refresh_changes(w, wait);
	for (size_t i = 0; i < w->n_paths; i++) {
		struct watch_path *was = &w->paths[i];

		if (resolve(was->path, wait, &now) && memcmp(&now, was, sizeof(now)) != 0) {
			*was = now;
			changed = true;
		}
		memcpy(&list[n], was->rows, was->n_rows * sizeof(list[0]));
		n += was->n_rows;
	}
	for (size_t i = 0; i < w->n_changes; i++)
		list[n++] = w->changes[i].row;
	if (!changed && !below_changed(&w->below))
		return 0;
	find_below(w, wait);
	memcpy(&list[n], w->below.rows, w->below.n_rows * sizeof(list[0]));
	return probe_watch(p, list, n + w->below.n_rows);
}

void watch_tend(struct watch *w, struct probe *p, bool wait) {
	int crowded = watch_refresh(w, p, wait);

	/* less than 0: that no hook sees files is in the header */
	if (crowded > 0 && crowded != w->crowded) {
		log_warn("%d files and folders are not watched: too many names in one folder that "
			 "begin alike and are as long, continuing", crowded);
		w->crowded = crowded;
	}
	if (w->below.left && w->below.left != w->left)
		log_warn("%zu files and folders below watched ones are not watched: more than %d "
			 "levels or %d folders, or they cannot be read, or another machine or "
			 "process answers for them, continuing",
			 w->below.left, BELOW_DEPTH, BELOW_FOLDERS);
	w->left = w->below.left;
}
