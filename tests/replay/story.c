/* SPDX-License-Identifier: Apache-2.0 */
/*
 * story - a readable story into a tape
 *
 *     story IN.story OUT.tape
 *
 * A line is a deed and its facts: exec pid=7 parent=1 exe=/usr/bin/dash args="sh|-c|id".
 * '#' begins a comment. A value ends at white space, or stands in double quotes.
 * In it '\' takes away the meaning of what follows; '|' separates arguments. Every
 * deed needs pid=; the rest has defaults, and a fact that no deed knows is an
 * error. Time goes on by 1 ms with each line, and a process's start follows from
 * its pid.
 */
#include <arpa/inet.h>

#include "line.h"
#include "probe/tape.h"
#include "wire.h"

#define MAX_PIDS 256
#define EPOCH_NS 10000000000000ull
#define MS 1000000ull
#define FILE_DEV (8u << 20 | 1)

struct life {
	unsigned long pid, parent, uid;
};

struct story {
	struct line line;
	uint64_t now_ns, seq;
	unsigned n_lives;
	struct life lives[MAX_PIDS];
	struct tape *tape;
	_Alignas(8) char record[WIRE_MAX_BYTES];
	uint32_t len;
};

static struct life *life_of(struct story *s, unsigned long pid) {
	for (unsigned i = 0; i < s->n_lives; i++) {
		if (s->lives[i].pid == pid)
			return &s->lives[i];
	}
	if (s->n_lives == MAX_PIDS)
		die(&s->line, "too many processes in", s->line.file);
	s->lives[s->n_lives] = (struct life){ pid, 1, 0 };
	return &s->lives[s->n_lives++];
}

static uint64_t start_of(unsigned long pid) {
	return pid * MS;
}

static void append(struct story *s, const void *bytes, size_t n, uint16_t *off, uint16_t *len) {
	if (s->len + n > WIRE_MAX_BYTES)
		die(&s->line, "too long a line in", s->line.file);
	memcpy(s->record + s->len, bytes, n);
	*off = (uint16_t)s->len;
	*len = (uint16_t)n;
	s->len += (uint32_t)n;
}

static void put_str(struct story *s, const char *value, struct wire_str *ret) {
	if (value)
		append(s, value, strlen(value) + 1, &ret->off, &ret->len);
}

/* put_path - components from the leaf up; a name without '/' hangs nowhere, like a memfd */
static void put_path(struct story *s, const char *value, struct wire_path *ret) {
	char leaf_first[WIRE_PATH_BYTES];
	size_t end = value ? strlen(value) : 0, n = 0;

	if (!value || end + 2 > sizeof(leaf_first))
		return;
	if (*value != '/')
		ret->flags |= WIRE_PATH_BARE;
	while (end > 0) {
		size_t from = end;

		while (from > 0 && value[from - 1] != '/')
			from--;
		if (end > from) {
			memcpy(leaf_first + n, value + from, end - from);
			n += end - from;
			leaf_first[n++] = '\0';
		}
		end = from ? from - 1 : 0;
	}
	append(s, leaf_first, n, &ret->off, &ret->len);
}

/* put_args - "sh|-c|id" as three; '\' before '|' keeps it */
static void put_args(struct story *s, const char *value, struct wire_process_exec *w) {
	char args[WIRE_ARGS_BYTES];
	struct wire_str where;
	size_t n = 0;

	for (; *value; value++) {
		if (n + 2 > sizeof(args))
			die(&s->line, "too many arguments:", value);
		if (*value == '\\' && value[1])
			args[n++] = *++value;
		else
			args[n++] = *value == '|' ? '\0' : *value;
	}
	args[n++] = '\0';
	append(s, args, n, &where.off, &where.len);
	w->args = (struct wire_bytes){ where.off, where.len };
	w->args_head = w->args_bytes = where.len;
}

static void begin(struct story *s, size_t fixed, enum wire_kind kind, enum wire_outcome outcome,
		  enum wire_hook hook) {
	struct wire_header *h = (void *)s->record;

	memset(s->record, 0, sizeof(s->record));
	s->len = (uint32_t)fixed;
	h->ts_ns = s->now_ns;
	h->seq = ++s->seq;
	h->kind = (uint8_t)kind;
	h->outcome = (uint8_t)outcome;
	h->hook = (uint16_t)hook;
}

static void begin_deed(struct story *s, size_t fixed, enum wire_kind kind,
		       enum wire_outcome outcome, enum wire_hook hook) {
	struct wire_header *h = (void *)s->record;
	struct life *life = life_of(s, line_number(&s->line, "pid", 0));

	if (!life->pid)
		die(&s->line, "no pid in", s->line.file);
	life->parent = line_number(&s->line, "parent", life->parent);
	life->uid = line_number(&s->line, "uid", life->uid);
	begin(s, fixed, kind, outcome, hook);
	h->tgid = (uint32_t)life->pid;
	h->tid = (uint32_t)line_number(&s->line, "tid", life->pid);
	h->start_ns = start_of(life->pid);
	h->uid = (uint32_t)life->uid;
	h->euid = (uint32_t)line_number(&s->line, "euid", life->uid);
	h->gid = (uint32_t)line_number(&s->line, "gid", life->uid);
}

static void end(struct story *s) {
	struct wire_header *h = (void *)s->record;
	int err;

	h->len = s->len;
	err = tape_write(s->tape, s->record, s->len);
	if (err)
		die(&s->line, "cannot write:", strerror(-err));
}

static void fill_task(struct story *s, struct wire_task *t, const char *comm) {
	const struct wire_header *h = (const void *)s->record;
	struct life *life = life_of(s, h->tgid);

	t->parent_tgid = (uint32_t)life->parent;
	t->parent_start_ns = start_of(life->parent);
	t->egid = t->suid = t->sgid = t->fsuid = t->fsgid = h->uid;
	t->login_uid = t->login_session = ~0u;
	t->session = t->group = t->spaces.ns_tgid = h->tgid;
	(void)snprintf(t->comm, sizeof(t->comm), "%s", comm);
}

static const char *last_of(const char *path) {
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void tell_fork(struct story *s, enum wire_kind kind) {
	struct wire_process_fork *w = (void *)s->record;
	const struct life *life;

	begin_deed(s, sizeof(*w), kind, WIRE_SUCCEEDED, WIRE_HOOK_TP_NEWTASK);
	life = life_of(s, w->head.tgid);
	w->parent_tgid = (uint32_t)life->parent;
	w->parent_start_ns = start_of(life->parent);
	(void)snprintf(w->comm, sizeof(w->comm), "%s", line_text(&s->line, "comm", "story"));
	end(s);
}

static void tell_exec(struct story *s, enum wire_kind kind) {
	struct wire_process_exec *w = (void *)s->record;
	const char *exe = line_text(&s->line, "exe", "/usr/bin/true");
	const char *filename = line_text(&s->line, "filename", exe);
	char *args = line_text(&s->line, "args", exe);

	begin_deed(s, sizeof(*w), kind, WIRE_SUCCEEDED,
		   kind == WIRE_PROCESS_EXEC ? WIRE_HOOK_TP_EXEC : WIRE_HOOK_ITER_TASK);
	fill_task(s, &w->task, line_text(&s->line, "comm", last_of(filename)));
	w->exe_inode =
		(struct wire_inode){ .ino = 1000,
				     .dev = FILE_DEV,
				     .mode = (uint32_t)line_number(&s->line, "mode", 0100755),
				     .links = (uint32_t)line_number(&s->line, "links", 1) };
	put_path(s, exe, &w->exe);
	put_path(s, line_text(&s->line, "cwd", "/"), &w->cwd);
	put_args(s, args, w);
	put_str(s, filename, &w->filename);
	put_str(s, line_text(&s->line, "interp", filename), &w->interp);
	put_str(s, line_text(&s->line, "tty", NULL), &w->tty);
	end(s);
}

static void tell_exit(struct story *s, enum wire_kind kind) {
	struct wire_process_exit *w = (void *)s->record;

	begin_deed(s, sizeof(*w), kind, WIRE_SUCCEEDED, WIRE_HOOK_TP_EXIT);
	w->code = (uint32_t)(line_number(&s->line, "code", 0) << 8 |
			     line_number(&s->line, "signal", 0));
	end(s);
}

static void tell_file(struct story *s, enum wire_kind kind) {
	struct wire_file *w = (void *)s->record;

	begin_deed(s, sizeof(*w), kind, WIRE_ATTEMPTED, WIRE_HOOK_NONE);
	w->inode = (struct wire_inode){ .ino = 2000,
					.dev = FILE_DEV,
					.mode = (uint32_t)line_number(&s->line, "mode", 0100644),
					.uid = (uint32_t)line_number(&s->line, "owner", 0),
					.links = 1 };
	w->new_mode = (uint32_t)line_number(&s->line, "new_mode", 0);
	w->new_uid = (uint32_t)line_number(&s->line, "new_uid", ~0u);
	w->new_gid = (uint32_t)line_number(&s->line, "new_gid", ~0u);
	put_path(s, line_text(&s->line, "path", NULL), &w->path);
	put_path(s, line_text(&s->line, "from", NULL), &w->old_path);
	put_str(s, line_text(&s->line, "target", NULL), &w->target);
	if (!w->path.off)
		die(&s->line, "no path in", s->line.file);
	end(s);
}

/* put_address - "10.0.0.1:4444" or "[::1]:80" */
static void put_address(struct story *s, char *value, __u8 *address, __u16 *port) {
	char *colon = strrchr(value, ':');
	char host[INET6_ADDRSTRLEN + 2];

	if (!colon || (size_t)(colon - value) >= sizeof(host))
		die(&s->line, "not ADDRESS:PORT:", value);
	memcpy(host, value, (size_t)(colon - value));
	host[colon - value] = '\0';
	*port = (__u16)strtoul(colon + 1, NULL, 10);
	if (*host == '[') {
		host[strlen(host) - 1] = '\0';
		if (inet_pton(AF_INET6, host + 1, address) != 1)
			die(&s->line, "not an address:", value);
		return;
	}
	address[10] = address[11] = 0xff;
	if (inet_pton(AF_INET, host, address + 12) != 1)
		die(&s->line, "not an address:", value);
}

static void tell_net(struct story *s, enum wire_kind kind) {
	struct wire_net *w = (void *)s->record;
	const char *outcome = line_text(&s->line, "outcome", "attempted");
	enum wire_outcome o = strcmp(outcome, "succeeded") == 0 ? WIRE_SUCCEEDED
			      : strcmp(outcome, "failed") == 0	? WIRE_FAILED
								: WIRE_ATTEMPTED;

	begin_deed(s, sizeof(*w), kind, o, WIRE_HOOK_NONE);
	w->socket_inode = line_number(&s->line, "socket", 3000);
	w->protocol = strcmp(line_text(&s->line, "proto", "tcp"), "udp") == 0 ? 17 : 6;
	put_address(s, line_text(&s->line, "local", "0.0.0.0:0"), w->local, &w->local_port);
	put_address(s, line_text(&s->line, "remote", "0.0.0.0:0"), w->remote, &w->remote_port);
	end(s);
}

static void tell_user(struct story *s, unsigned long uid, const char *name) {
	struct wire_host_user *w = (void *)s->record;

	begin(s, sizeof(*w), WIRE_HOST_USER, WIRE_SUCCEEDED, WIRE_HOOK_NONE);
	w->head.flags = WIRE_NO_TASK;
	w->uid = (uint32_t)uid;
	put_str(s, name, &w->name);
	end(s);
}

static void tell_user_line(struct story *s, enum wire_kind kind) {
	(void)kind;
	tell_user(s, line_number(&s->line, "uid", 0), line_text(&s->line, "name", "nobody"));
}

/* open_world - what stands before every story: the host, three users, the first process */
static void open_world(struct story *s) {
	struct wire_host_start *w = (void *)s->record;
	static struct fact init[] = { { "pid", (char *)"1", false },
				      { "parent", (char *)"0", false },
				      { "exe", (char *)"/usr/lib/systemd/systemd", false } };

	begin(s, sizeof(*w), WIRE_HOST_START, WIRE_SUCCEEDED, WIRE_HOOK_NONE);
	w->head.flags = WIRE_NO_TASK;
	w->wall_offset_ns = 1700000000000000000ull;
	put_str(s, "0123456789abcdef0123456789abcdef", &w->host_id);
	put_str(s, "01234567-89ab-cdef-0123-456789abcdef", &w->boot_id);
	put_str(s, "story", &w->host_name);
	put_str(s, "0", &w->version);
	put_str(s, "0", &w->kernel);
	put_str(s, "none", &w->arch);
	end(s);
	tell_user(s, 0, "root");
	tell_user(s, 33, "www-data");
	tell_user(s, 1000, "alice");
	memcpy(s->line.facts, init, sizeof(init));
	s->line.n_facts = 3;
	tell_exec(s, WIRE_PROCESS_CENSUS);
}

static const struct {
	const char *name;
	enum wire_kind kind;
	void (*tell)(struct story *s, enum wire_kind kind);
} deeds[] = {
	{ "user", WIRE_HOST_USER, tell_user_line },  { "fork", WIRE_PROCESS_FORK, tell_fork },
	{ "exec", WIRE_PROCESS_EXEC, tell_exec },    { "census", WIRE_PROCESS_CENSUS, tell_exec },
	{ "exit", WIRE_PROCESS_EXIT, tell_exit },    { "create", WIRE_FILE_CREATE, tell_file },
	{ "open", WIRE_FILE_OPEN, tell_file },	     { "rename", WIRE_FILE_RENAME, tell_file },
	{ "unlink", WIRE_FILE_UNLINK, tell_file },   { "chmod", WIRE_FILE_CHMOD, tell_file },
	{ "chown", WIRE_FILE_CHOWN, tell_file },     { "link", WIRE_FILE_LINK, tell_file },
	{ "symlink", WIRE_FILE_SYMLINK, tell_file }, { "connect", WIRE_NET_CONNECT, tell_net },
	{ "accept", WIRE_NET_ACCEPT, tell_net },     { "bind", WIRE_NET_BIND, tell_net },
	{ "listen", WIRE_NET_LISTEN, tell_net },     { "send", WIRE_NET_SEND, tell_net },
};

static void tell(struct story *s) {
	for (unsigned i = 0; i < sizeof(deeds) / sizeof(deeds[0]); i++) {
		if (strcmp(deeds[i].name, s->line.word) == 0) {
			s->now_ns += MS;
			deeds[i].tell(s, deeds[i].kind);
			line_spent(&s->line);
			return;
		}
	}
	die(&s->line, "unknown deed", s->line.word);
}

int main(int argc, char **argv) {
	static struct story s = { .now_ns = EPOCH_NS };
	char bytes[8192];
	FILE *in;
	int err;

	if (argc != 3) {
		fprintf(stderr, "usage: story IN.story OUT.tape\n");
		return 2;
	}
	s.line.file = argv[1];
	in = fopen(argv[1], "re");
	if (!in)
		die(&s.line, "cannot read:", strerror(errno));
	err = tape_create(argv[2], &s.tape);
	if (err)
		die(&s.line, "cannot make the tape:", strerror(-err));
	open_world(&s);
	while (fgets(bytes, sizeof(bytes), in)) {
		if (line_read(&s.line, bytes))
			tell(&s);
	}
	err = tape_flush(s.tape);
	if (err || ferror(in))
		die(&s.line, "cannot finish:", argv[2]);
	tape_free(s.tape);
	(void)fclose(in);
	return 0;
}
