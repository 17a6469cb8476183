/* SPDX-License-Identifier: Apache-2.0 */
/* What an event did, to what, as the middle of a line of text. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "encode/encode.h"
#include "encode/text.h"
#include "event/field.h"

void text_outcome(struct buf *out, const struct event *e) {
	if (!event_has(e, FIELD_OUTCOME) || e->outcome != OUTCOME_FAILED)
		return;
	buf_add_lit(out, "  failed");
	if (event_has(e, FIELD_ERROR)) {
		buf_add_lit(out, ": ");
		text_error(out, e->error);
	}
}

static void add_name(struct buf *out, const struct event *e, enum field_id id, struct str x) {
	if (event_has(e, id))
		text_word(out, x);
	else
		buf_add_char(out, '?');
}

/* --- processes */

/* add_loader - what the dynamic linker was told; other variables of sessions are in every line */
static void add_loader(struct buf *out, const struct event *e) {
	if (!event_has(e, FIELD_EXEC_ENVIRONMENT))
		return;
	for (uint32_t i = 0; i < e->exec.environment.n; i++) {
		struct str v = e->exec.environment.v[i];

		if (v.n < 3 || memcmp(v.s, "LD_", 3) != 0)
			continue;
		buf_add_lit(out, "  ");
		text_word(out, v);
	}
}

static void add_exec(struct buf *out, const struct event *e) {
	bool args = event_has(e, FIELD_EXEC_ARGS) && e->exec.args.n;
	bool exe = event_has(e, FIELD_PROCESS_EXECUTABLE);

	for (uint32_t i = 0; args && i < e->exec.args.n; i++) {
		buf_add_str(out, i ? STR(" ") : STR("  "));
		text_word(out, e->exec.args.v[i]);
	}
	if (!args && event_has(e, FIELD_PROCESS_COMMAND_LINE)) {
		buf_add_lit(out, "  ");
		text_word(out, e->process.command_line);
	}
	if (exe && !(args && str_eq(e->exec.args.v[0], e->process.executable))) {
		buf_add_lit(out, "  (");
		text_word(out, e->process.executable);
		buf_add_char(out, ')');
	}
	add_loader(out, e);
}

/* add_hash - its exec has a line of its own, with all else */
static void add_hash(struct buf *out, const struct event *e) {
	buf_add_lit(out, "  ");
	if (event_has(e, FIELD_PROCESS_EXECUTABLE))
		text_word(out, e->process.executable);
	buf_add_lit(out, "  sha256 ");
	if (event_has(e, FIELD_EXEC_SHA256))
		text_word(out, e->exec.sha256);
	else
		buf_add_lit(out, "not known");
}

static void add_exit(struct buf *out, const struct event *e) {
	if (event_has(e, FIELD_EXIT_SIGNAL)) {
		const char *name = sigabbrev_np((int)e->exit.signal);

		if (name)
			buf_addf(out, "  killed by SIG%s", name);
		else
			buf_addf(out, "  killed by signal %u", e->exit.signal);
		if (event_has(e, FIELD_EXIT_CORE_DUMPED) && e->exit.core_dumped)
			buf_add_lit(out, ", core dumped");
	} else if (event_has(e, FIELD_EXIT_CODE)) {
		buf_addf(out, "  status %u", e->exit.code);
	}
	if (event_has(e, FIELD_EXIT_RUN_NS)) {
		buf_add_lit(out, " after ");
		text_duration(out, e->exit.run_ns);
	}
}

static void add_signal(struct buf *out, const struct event *e) {
	const char *name = NULL;

	if (event_has(e, FIELD_SIGNAL_NUMBER))
		name = sigabbrev_np((int)e->signal.number);
	if (name)
		buf_addf(out, "  SIG%s to ", name);
	else if (event_has(e, FIELD_SIGNAL_NUMBER))
		buf_addf(out, "  signal %u to ", e->signal.number);
	else
		buf_add_lit(out, "  to ");
	add_name(out, e, FIELD_TARGET_NAME, e->target.name);
	if (event_has(e, FIELD_TARGET_PID))
		buf_addf(out, "[%u]", e->target.pid);
}

void text_process(struct buf *out, const struct event *e) {
	if (e->kind == WIRE_PROCESS_EXEC)
		add_exec(out, e);
	else if (e->kind == WIRE_PROCESS_SIGNAL)
		add_signal(out, e);
	else if (e->kind == WIRE_PROCESS_HASH)
		add_hash(out, e);
	else if (e->kind == WIRE_PROCESS_EXIT)
		add_exit(out, e);
	text_outcome(out, e);
}

/* --- files */

/* "-rwsr-xr-x 4755"; without a file type when @mode has none */
static void add_mode(struct buf *out, uint32_t mode) {
	static const char types[16] = "?pc?d?b?-?l?s???";
	char text[11] = "?rwxrwxrwx";

	text[0] = types[mode >> 12 & 15];
	for (int i = 0; i < 9; i++) {
		if (!(mode >> (8 - i) & 1))
			text[1 + i] = '-';
	}
	if (mode & S_ISUID)
		text[3] = mode & S_IXUSR ? 's' : 'S';
	if (mode & S_ISGID)
		text[6] = mode & S_IXGRP ? 's' : 'S';
	if (mode & S_ISVTX)
		text[9] = mode & S_IXOTH ? 't' : 'T';
	buf_addf(out, "%s %04o", text + !(mode & S_IFMT), mode & 07777);
}

/* known_late - mode and owner in the event are those after the deed, not those before */
static bool known_late(const struct event *e) {
	return e->degraded >> DEGRADED_FILE_LATE & 1;
}

static void add_chmod(struct buf *out, const struct event *e) {
	uint32_t type = event_has(e, FIELD_FILE_MODE) ? e->file.mode & S_IFMT : 0;

	if (event_has(e, FIELD_FILE_MODE) && !known_late(e)) {
		buf_add_lit(out, "  ");
		add_mode(out, e->file.mode);
	}
	if (event_has(e, FIELD_FILE_NEW_MODE)) {
		buf_add_lit(out, "  ->  ");
		add_mode(out, (e->file.new_mode & 07777) | type);
	}
}

/* An id that the event does not give is "?" before, and after it is what it was. */
static void add_owner(struct buf *out, const struct event *e, enum field_id uid,
		      enum field_id gid) {
	char scratch[FIELD_TEXT_BYTES];
	struct str id = field_text(e, uid, scratch);

	buf_add_str(out, id.s ? id : STR("?"));
	buf_add_char(out, ':');
	id = field_text(e, gid, scratch);
	buf_add_str(out, id.s ? id : STR("?"));
}

static void add_chown(struct buf *out, const struct event *e) {
	bool uid = event_has(e, FIELD_FILE_NEW_UID), gid = event_has(e, FIELD_FILE_NEW_GID);

	buf_add_lit(out, "  owner ");
	if (known_late(e))
		buf_add_lit(out, "?:?");
	else
		add_owner(out, e, FIELD_FILE_UID, FIELD_FILE_GID);
	buf_add_lit(out, " -> ");
	add_owner(out, e, uid ? FIELD_FILE_NEW_UID : FIELD_FILE_UID,
		  gid ? FIELD_FILE_NEW_GID : FIELD_FILE_GID);
}

static void add_open(struct buf *out, const struct event *e) {
	uint32_t flags = e->file.flags;

	if (!event_has(e, FIELD_FILE_FLAGS))
		return;
	buf_add_str(out, (flags & O_ACCMODE) == O_RDWR	 ? STR("  read,write") :
			 (flags & O_ACCMODE) == O_WRONLY ? STR("  write") :
							   STR("  read"));
	if (flags & O_TRUNC)
		buf_add_lit(out, ",truncate");
	if (flags & O_APPEND)
		buf_add_lit(out, ",append");
}

/* add_less_common - what else is worth a word; inode, device, owner and mode are in JSON */
static void add_less_common(struct buf *out, const struct event *e) {
	if (event_has(e, FIELD_FILE_XATTR)) {
		buf_add_lit(out, "  ");
		text_word(out, e->file.xattr);
		if (event_has(e, FIELD_FILE_XATTR_BYTES))
			buf_addf(out, ", %" PRIu64 " bytes", e->file.xattr_bytes);
	}
	if (event_has(e, FIELD_MOUNT_TYPE)) {
		buf_add_lit(out, "  ");
		text_word(out, e->mount.type);
	}
	if (e->kind == WIRE_FILE_TRUNCATE && event_has(e, FIELD_FILE_SIZE))
		buf_addf(out, "  to %" PRIu64 " bytes", e->file.size);
	if (event_has(e, FIELD_FILE_WRITTEN_BYTES))
		buf_addf(out, "  %" PRIu64 " bytes written", e->file.written_bytes);
	if (e->kind == WIRE_FILE_MKNOD && event_has(e, FIELD_FILE_NEW_MODE)) {
		buf_add_lit(out, "  ");
		add_mode(out, e->file.new_mode);
	}
}

void text_file(struct buf *out, const struct event *e) {
	bool two = e->kind == WIRE_FILE_RENAME || e->kind == WIRE_FILE_LINK;

	buf_add_lit(out, "  ");
	if (two) {
		add_name(out, e, FIELD_FILE_OLD_PATH, e->file.old_path);
		buf_add_lit(out, " -> ");
	}
	if (event_has(e, FIELD_MOUNT_SOURCE)) {
		text_word(out, e->mount.source);
		buf_add_lit(out, " -> ");
	}
	add_name(out, e, FIELD_FILE_PATH, e->file.path);
	if (e->kind == WIRE_FILE_SYMLINK) {
		buf_add_lit(out, " -> ");
		add_name(out, e, FIELD_FILE_TARGET, e->file.target);
	}
	if (e->kind == WIRE_FILE_OPEN)
		add_open(out, e);
	else if (e->kind == WIRE_FILE_CHMOD)
		add_chmod(out, e);
	else if (e->kind == WIRE_FILE_CHOWN)
		add_chown(out, e);
	else
		add_less_common(out, e);
	text_outcome(out, e);
}

/* --- network */

static void add_peer(struct buf *out, const struct event *e, enum field_id ip_id, struct str ip,
		     enum field_id port_id, uint32_t port) {
	bool six = event_has(e, ip_id) && ip.n && memchr(ip.s, ':', ip.n);

	if (six)
		buf_add_char(out, '[');
	add_name(out, e, ip_id, ip);
	if (six)
		buf_add_char(out, ']');
	if (event_has(e, port_id))
		buf_addf(out, ":%u", port);
}

static void add_peers(struct buf *out, const struct event *e) {
	bool source = event_has(e, FIELD_NET_SOURCE_IP) || event_has(e, FIELD_NET_SOURCE_PORT);
	bool destination = event_has(e, FIELD_NET_DESTINATION_IP) ||
			   event_has(e, FIELD_NET_DESTINATION_PORT);

	if (source)
		add_peer(out, e, FIELD_NET_SOURCE_IP, e->net.source_ip, FIELD_NET_SOURCE_PORT,
			 e->net.source_port);
	if (source && destination)
		buf_add_lit(out, " -> ");
	if (destination)
		add_peer(out, e, FIELD_NET_DESTINATION_IP, e->net.destination_ip,
			 FIELD_NET_DESTINATION_PORT, e->net.destination_port);
}

static void add_conversation(struct buf *out, const struct event *e) {
	if (!event_has(e, FIELD_OUTCOME))
		return;
	if (e->outcome == OUTCOME_ATTEMPTED) {
		buf_add_lit(out, "  attempted");
	} else if (e->outcome == OUTCOME_SUCCEEDED) {
		buf_add_lit(out, "  ok");
	} else if (e->outcome == OUTCOME_FAILED && event_has(e, FIELD_ERROR) &&
		   e->error == ECONNREFUSED) {
		buf_add_lit(out, "  refused: ECONNREFUSED");
	} else {
		text_outcome(out, e);
	}
	if (e->outcome != OUTCOME_ATTEMPTED && event_has(e, FIELD_NET_LATENCY_NS)) {
		buf_add_str(out, e->outcome == OUTCOME_SUCCEEDED ? STR(" in ") : STR(" after "));
		text_duration(out, e->net.latency_ns);
	}
}

static void add_totals(struct buf *out, const struct event *e) {
	if (event_has(e, FIELD_NET_SENT_BYTES) && event_has(e, FIELD_NET_RECEIVED_BYTES))
		buf_addf(out, "  sent %" PRIu64 ", received %" PRIu64 " bytes", e->net.sent_bytes,
			 e->net.received_bytes);
	if (event_has(e, FIELD_NET_DURATION_NS)) {
		buf_add_lit(out, " in ");
		text_duration(out, e->net.duration_ns);
	}
}

void text_net(struct buf *out, const struct event *e) {
	uint32_t transport = event_has(e, FIELD_NET_TRANSPORT) ? e->net.transport : 0;

	buf_add_str(out, transport == IPPROTO_TCP ? STR("  tcp ") :
			 transport == IPPROTO_UDP ? STR("  udp ") :
						    STR("  "));
	add_peers(out, e);
	if (event_has(e, FIELD_NET_BACKLOG))
		buf_addf(out, "  backlog %u", e->net.backlog);
	if (e->kind == WIRE_NET_CONNECT)
		add_conversation(out, e);
	else if (e->kind == WIRE_NET_CLOSE)
		add_totals(out, e);
	else
		text_outcome(out, e);
}

void text_dns(struct buf *out, const struct event *e) {
	bool response = event_has(e, FIELD_DNS_RESPONSE) && e->dns.response;

	buf_add_str(out, response ? STR("  answer ") : STR("  question "));
	add_name(out, e, FIELD_DNS_QUERY, e->dns.query);
	if (event_has(e, FIELD_DNS_RECORD_TYPE)) {
		buf_add_char(out, ' ');
		text_word(out, e->dns.record_type);
	}
	if (event_has(e, FIELD_DNS_RESPONSE_CODE)) {
		buf_add_lit(out, "  ");
		text_word(out, e->dns.response_code);
	}
	for (uint32_t i = 0; event_has(e, FIELD_DNS_ANSWERS) && i < e->dns.answers.n; i++) {
		buf_add_char(out, ' ');
		text_word(out, e->dns.answers.v[i]);
	}
	buf_add_lit(out, "  ");
	add_peers(out, e);
}
