/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/taxonomy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "detect/fault.h"
#include "event/word.h"

struct sigma_name {
	const char *name;
	struct taxon taxon;
};

#define TEXT(id)                                                                                   \
	{ SOURCE_TEXT, FIELD_##id }
#define NUMBER(id)                                                                                 \
	{ SOURCE_NUMBER, FIELD_##id }
#define LIST(id)                                                                                   \
	{ SOURCE_LIST, FIELD_##id }
#define NEVER                                                                                      \
	{ SOURCE_NONE, 0 }

static const struct sigma_name names[] = {
	{ "Image", { SOURCE_IMAGE, 0 } },
	{ "ParentImage", { SOURCE_PARENT_IMAGE, 0 } },
	{ "CommandLine", TEXT(PROCESS_COMMAND_LINE) },
	{ "ParentCommandLine", TEXT(PARENT_COMMAND_LINE) },
	{ "CurrentDirectory", TEXT(PROCESS_CWD) },
	{ "User", TEXT(PROCESS_USER) },
	{ "ParentUser", TEXT(PARENT_USER) },
	{ "LogonId", NUMBER(PROCESS_UID) },
	{ "ProcessId", NUMBER(PROCESS_PID) },
	{ "ParentProcessId", NUMBER(PARENT_PID) },
	{ "ProcessGuid", TEXT(PROCESS_ENTITY_ID) },
	{ "ParentProcessGuid", TEXT(PARENT_ENTITY_ID) },
	{ "TargetFilename", TEXT(FILE_PATH) },
	{ "ImageLoaded", TEXT(FILE_PATH) }, /* of category image_load */
	{ "SourceFilename", TEXT(FILE_OLD_PATH) },
	{ "DestinationIp", TEXT(NET_DESTINATION_IP) },
	{ "DestinationPort", NUMBER(NET_DESTINATION_PORT) },
	{ "SourceIp", TEXT(NET_SOURCE_IP) },
	{ "SourcePort", NUMBER(NET_SOURCE_PORT) },
	{ "Initiated", NUMBER(NET_INITIATED) },
	{ "Protocol", { SOURCE_NAME, FIELD_NET_TRANSPORT } },
	{ "Computer", TEXT(HOST_NAME) },
	{ "USER", TEXT(LOG_USER) }, /* sudo's */
	{ "DestinationHostname", TEXT(NET_DESTINATION_DOMAIN) },
	{ "query", TEXT(DNS_QUERY) }, /* of category dns */
	{ "record_type", TEXT(DNS_RECORD_TYPE) },
	{ "answer", LIST(DNS_ANSWERS) },
	{ "QueryName", TEXT(DNS_QUERY) }, /* of category dns_query */
	{ "QueryResults", LIST(DNS_ANSWERS) },
	{ "Company", NEVER },
	{ "CreationUtcTime", NEVER },
	{ "Description", NEVER },
	{ "DestinationIsIpv6", NEVER },
	{ "DestinationPortName", NEVER },
	{ "FileVersion", NEVER },
	{ "Hashes", { SOURCE_HASHES, FIELD_EXEC_SHA256 } },
	{ "IntegrityLevel", NEVER },
	{ "LogonGuid", NEVER },
	{ "OriginalFileName", NEVER },
	{ "Product", NEVER },
	{ "RuleName", NEVER },
	{ "SourceHostname", NEVER },
	{ "SourceIsIpv6", NEVER },
	{ "SourcePortName", NEVER },
	{ "TerminalSessionId", NEVER },
	{ "UtcTime", NEVER },
	{ "imphash", NEVER },
	{ "md5", NEVER },
	{ "sha1", NEVER },
	{ "sha256", TEXT(EXEC_SHA256) },
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static struct taxon native(enum field_id id) {
	static const uint8_t sources[] = {
		[FIELD_U32] = SOURCE_NUMBER,	 [FIELD_U64] = SOURCE_NUMBER,
		[FIELD_FIXED64] = SOURCE_NUMBER, [FIELD_BOOL] = SOURCE_NUMBER,
		[FIELD_ENUM] = SOURCE_NAME,	 [FIELD_BITS] = SOURCE_NAMES,
		[FIELD_STR] = SOURCE_TEXT,	 [FIELD_STRV] = SOURCE_LIST,
	};

	return (struct taxon){ sources[fields[id].type], (uint16_t)id };
}

int taxonomy_field(struct str name, struct taxon *ret) {
	enum field_id id;

	for (size_t i = 0; i < N_NAMES; i++) {
		if (str_eq(name, str_of(names[i].name))) {
			*ret = names[i].taxon;
			return 0;
		}
	}
	if (field_by_name(name, &id))
		return -ENOENT;
	*ret = native(id);
	return 0;
}

static char lower(char c) {
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* distance - edits between two names in any case; 99 when one is too long to compare */
static unsigned distance(struct str a, struct str b) {
	unsigned row[32];

	if (a.n >= 32 || b.n >= 32)
		return 99;
	for (uint32_t j = 0; j <= b.n; j++)
		row[j] = j;
	for (uint32_t i = 1; i <= a.n; i++) {
		unsigned corner = row[0];

		row[0] = i;
		for (uint32_t j = 1; j <= b.n; j++) {
			unsigned change = corner + (lower(a.s[i - 1]) != lower(b.s[j - 1]));
			unsigned drop = row[j] + 1, add = row[j - 1] + 1;

			corner = row[j];
			row[j] = change < drop ? change : drop;
			row[j] = row[j] < add ? row[j] : add;
		}
	}
	return row[b.n];
}

const char *taxonomy_nearest(struct str name) {
	unsigned best = 1 + name.n / 3, d;
	const char *found = NULL;

	for (size_t i = 0; i < N_NAMES + FIELD_MAX; i++) {
		const char *one = i < N_NAMES ? names[i].name : fields[i - N_NAMES].name;

		d = distance(name, str_of(one));
		if (d < best) {
			best = d;
			found = one;
		}
	}
	return found;
}

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof((table)[0]))

const char *taxonomy_value(enum field_id field, uint32_t number) {
	return event_word(field, number);
}

bool taxonomy_value_known(enum field_id field, struct str name) {
	return event_word_known(field, name);
}

#define MAX_KINDS 16 /* of a category; 0 ends a shorter list */

static const struct {
	const char *category;
	uint8_t kinds[MAX_KINDS];
} categories[] = {
	{ "process_creation", { WIRE_PROCESS_EXEC } },
	{ "process_exit", { WIRE_PROCESS_EXIT } },
	{ "process_signal", { WIRE_PROCESS_SIGNAL } },
	{ "process_credentials", { WIRE_PROCESS_CREDENTIALS } },
	{ "process_session", { WIRE_PROCESS_SESSION } },
	{ "process_crash", { WIRE_PROCESS_COREDUMP } },
	{ "process_script", { WIRE_PROCESS_SCRIPT } },
	{ "process_access",
	  { WIRE_INJECT_PTRACE, WIRE_INJECT_VM_WRITE, WIRE_INJECT_VM_READ, WIRE_INJECT_MEM_OPEN,
	    WIRE_INJECT_GETFD } },
	{ "process_memory",
	  { WIRE_INJECT_EXECUTABLE, WIRE_INJECT_MEMFD, WIRE_INJECT_USERFAULTFD } },
	{ "driver_load", { WIRE_KERNEL_MODULE_LOAD } },
	{ "kernel_change",
	  { WIRE_KERNEL_MODULE_LOAD, WIRE_KERNEL_MODULE_UNLOAD, WIRE_KERNEL_BPF_LOAD,
	    WIRE_KERNEL_BPF_ATTACH, WIRE_KERNEL_KEXEC, WIRE_KERNEL_NAMESPACE, WIRE_KERNEL_CGROUP,
	    WIRE_KERNEL_KEY, WIRE_KERNEL_LOCKDOWN, WIRE_KERNEL_IO_URING,
	    WIRE_KERNEL_IO_REQUEST } },
	{ "file_event",
	  { WIRE_FILE_CREATE, WIRE_FILE_OPEN, WIRE_FILE_RENAME, WIRE_FILE_LINK,
	    WIRE_FILE_SYMLINK } },
	{ "file_access", { WIRE_FILE_READ } },
	{ "image_load", { WIRE_FILE_MAP } },
	{ "file_close", { WIRE_FILE_CLOSE } },
	{ "file_rename", { WIRE_FILE_RENAME } },
	{ "file_delete", { WIRE_FILE_UNLINK } },
	{ "file_change", { WIRE_FILE_CHMOD, WIRE_FILE_CHOWN } },
	{ "file_truncate", { WIRE_FILE_TRUNCATE } },
	{ "file_tree", { WIRE_FILE_MKDIR, WIRE_FILE_RMDIR, WIRE_FILE_MKNOD } },
	{ "file_attribute", { WIRE_FILE_SETXATTR, WIRE_FILE_REMOVEXATTR } },
	{ "mount",
	  { WIRE_FILE_MOUNT, WIRE_FILE_UMOUNT, WIRE_FILE_MOVE_MOUNT, WIRE_FILE_PIVOT_ROOT } },
	{ "network_connection", { WIRE_NET_CONNECT, WIRE_NET_SEND, WIRE_NET_ACCEPT } },
	{ "network_listen", { WIRE_NET_BIND, WIRE_NET_LISTEN } },
	{ "network_close", { WIRE_NET_CLOSE } },
	{ "network_socket", { WIRE_NET_SOCKET, WIRE_NET_UNIX } },
	{ "dns", { WIRE_NET_DNS } },
	{ "dns_query", { WIRE_NET_DNS } },
};

static void add_category(size_t i, struct event_kinds *ret) {
	for (int k = 0; k < MAX_KINDS && categories[i].kinds[k]; k++)
		event_kinds_add(ret, categories[i].kinds[k]);
}

static const char *const logs[] = { "auth",   "syslog", "sshd",	     "sudo",   "cron",
				    "clamav", "vsftpd", "guacamole", "kernel", "daemon" };

bool taxonomy_is_log(struct str service) {
	for (uint32_t i = 0; i < COUNT(logs); i++) {
		if (str_eq(service, str_of(logs[i])))
			return true;
	}
	return false;
}

/* lacking - "its log source is" @what, and what it may have been meant to be */
static const char *lacking(const char *what, struct str word, const struct str *words, size_t n) {
	static char sentence[160];
	const char *near = fault_near(word, words, n, "");

	(void)snprintf(sentence, sizeof(sentence), "its log source is %s%s%s", what,
		       *near ? "; is it " : "", near);
	return sentence;
}

static const char *no_service(struct str service) {
	struct str words[COUNT(logs) + 1] = { STR("auditd") };

	for (uint32_t i = 0; i < COUNT(logs); i++)
		words[i + 1] = str_of(logs[i]);
	return lacking("a service's own log, which this sensor does not read", service, words,
		       COUNT(words));
}

static const char *no_category(struct str category) {
	struct str words[COUNT(categories)];

	for (uint32_t i = 0; i < COUNT(categories); i++)
		words[i] = str_of(categories[i].category);
	return lacking("a category that this sensor has no events for", category, words,
		       COUNT(categories));
}

void taxonomy_kinds(const struct logsource *source, struct event_kinds *ret, const char **ret_why) {
	*ret = (struct event_kinds){ 0 };
	if (source->product.s && !str_eq(source->product, STR("linux"))) {
		*ret_why = lacking("of another product than linux", source->product,
				   &STR("linux"), 1);
		return;
	}
	if (source->service.s && str_eq(source->service, STR("auditd")) && !source->category.s) {
		*ret_why = NULL;
		return;
	}
	if (source->service.s && !source->category.s && taxonomy_is_log(source->service)) {
		event_kinds_add(ret, WIRE_HOST_LOG);
		return;
	}
	if (source->service.s && source->category.s &&
	    (str_eq(source->service, STR("auditd")) || taxonomy_is_log(source->service))) {
		*ret_why = "its log source is a service and a category at once, of which this "
			   "sensor has no events";
		return;
	}
	if (source->service.s) {
		*ret_why = no_service(source->service);
		return;
	}
	for (size_t i = 0; i < COUNT(categories); i++) {
		if (!source->category.s || str_eq(source->category, str_of(categories[i].category)))
			add_category(i, ret);
	}
	if (!source->category.s)
		event_kinds_add(ret, WIRE_HOST_LOG);
	if (!event_kinds_any(ret))
		*ret_why = no_category(source->category);
}

/* speaks - whether keywords are looked for in messages of that name */
static bool speaks(const char *message) {
	/* ids and words of ours; what others said in events of their own; where, not what */
	static const char *const mute[] = { "", "parent", "lineage", "container", "host",
					    "fold", "limit" };

	for (uint32_t i = 0; i < COUNT(mute); i++) {
		if (!strcmp(message, mute[i]))
			return false;
	}
	return true;
}

static void find_words(uint64_t *words, bool exec) {
	for (uint32_t id = 0; id < FIELD_MAX; id++) {
		const char *member = fields[id].member;
		size_t n = strlen(member);

		if (fields[id].type != FIELD_STR || !speaks(fields[id].message) ||
		    (!exec && !strcmp(fields[id].message, "process")) ||
		    (n >= 3 && !strcmp(member + n - 3, "_id")) || id == FIELD_PROCESS_CGROUP)
			continue;
		words[id / 64] |= 1ull << id % 64;
	}
}

const uint64_t *taxonomy_words(bool exec) {
	static uint64_t words[2][EVENT_HAS_WORDS];
	static bool known;

	if (!known) {
		find_words(words[0], false);
		find_words(words[1], true);
		known = true;
	}
	return words[exec];
}
