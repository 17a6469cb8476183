/* SPDX-License-Identifier: Apache-2.0 */
#include "detect/taxonomy.h"

#include <errno.h>
#include <strings.h>

struct sigma_name {
	const char *name;
	struct taxon taxon;
};

#define TEXT(id)                                                                                   \
	{ SOURCE_TEXT, FIELD_##id }
#define NUMBER(id)                                                                                 \
	{ SOURCE_NUMBER, FIELD_##id }
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
	{ "SourceFilename", TEXT(FILE_OLD_PATH) },
	{ "DestinationIp", TEXT(NET_DESTINATION_IP) },
	{ "DestinationPort", NUMBER(NET_DESTINATION_PORT) },
	{ "SourceIp", TEXT(NET_SOURCE_IP) },
	{ "SourcePort", NUMBER(NET_SOURCE_PORT) },
	{ "Initiated", NUMBER(NET_INITIATED) },
	{ "Protocol", { SOURCE_NAME, FIELD_NET_TRANSPORT } },
	{ "Computer", TEXT(HOST_NAME) },
	{ "Company", NEVER },
	{ "CreationUtcTime", NEVER },
	{ "Description", NEVER },
	{ "DestinationHostname", NEVER },
	{ "DestinationIsIpv6", NEVER },
	{ "DestinationPortName", NEVER },
	{ "FileVersion", NEVER },
	{ "Hashes", NEVER },
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
	{ "sha256", NEVER },
};
#define N_NAMES (sizeof(names) / sizeof(names[0]))

static struct taxon native(enum field_id id) {
	static const uint8_t sources[] = {
		[FIELD_U32] = SOURCE_NUMBER,	 [FIELD_U64] = SOURCE_NUMBER,
		[FIELD_FIXED64] = SOURCE_NUMBER, [FIELD_BOOL] = SOURCE_NUMBER,
		[FIELD_ENUM] = SOURCE_NAME,	 [FIELD_BITS] = SOURCE_NAMES,
		[FIELD_STR] = SOURCE_TEXT,	 [FIELD_STRV] = SOURCE_LIST,
	};

	return (struct taxon){ sources[fields[id].type], (uint8_t)id };
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

static const char *const kind_names[WIRE_KIND_MAX] = {
	[WIRE_PROCESS_FORK] = "PROCESS_FORK", [WIRE_PROCESS_EXEC] = "PROCESS_EXEC",
	[WIRE_PROCESS_EXIT] = "PROCESS_EXIT", [WIRE_PROCESS_CENSUS] = "PROCESS_CENSUS",
	[WIRE_FILE_CREATE] = "FILE_CREATE",   [WIRE_FILE_OPEN] = "FILE_OPEN",
	[WIRE_FILE_RENAME] = "FILE_RENAME",   [WIRE_FILE_UNLINK] = "FILE_UNLINK",
	[WIRE_FILE_CHMOD] = "FILE_CHMOD",     [WIRE_FILE_CHOWN] = "FILE_CHOWN",
	[WIRE_FILE_LINK] = "FILE_LINK",	      [WIRE_FILE_SYMLINK] = "FILE_SYMLINK",
	[WIRE_NET_CONNECT] = "NET_CONNECT",   [WIRE_NET_ACCEPT] = "NET_ACCEPT",
	[WIRE_NET_BIND] = "NET_BIND",	      [WIRE_NET_LISTEN] = "NET_LISTEN",
	[WIRE_NET_SEND] = "NET_SEND",	      [WIRE_HOST_START] = "HOST_START",
	[WIRE_HOST_CLOCK] = "HOST_CLOCK",     [WIRE_HOST_USER] = "HOST_USER",
	[WIRE_HOST_LOSS] = "HOST_LOSS",	      [WIRE_HOST_STOP] = "HOST_STOP",
};
static const char *const outcome_names[] = { NULL, "ATTEMPTED", "SUCCEEDED", "FAILED" };
static const char *const transport_names[] = { [6] = "TCP", [17] = "UDP" };
static const char *const degraded_names[] = {
	[DEGRADED_ARGS_CUT] = "ARGS_CUT",
	[DEGRADED_ARGS_UNREADABLE] = "ARGS_UNREADABLE",
	[DEGRADED_PATH_CUT] = "PATH_CUT",
	[DEGRADED_PATH_RACY] = "PATH_RACY",
	[DEGRADED_FILE_UNRESOLVED] = "FILE_UNRESOLVED",
	[DEGRADED_FILE_LATE] = "FILE_LATE",
	[DEGRADED_PROCESS_UNKNOWN] = "PROCESS_UNKNOWN",
	[DEGRADED_PROCESS_FROM_CENSUS] = "PROCESS_FROM_CENSUS",
	[DEGRADED_PARENT_UNKNOWN] = "PARENT_UNKNOWN",
	[DEGRADED_USER_UNKNOWN] = "USER_UNKNOWN",
	[DEGRADED_ADDRESS_RACY] = "ADDRESS_RACY",
	[DEGRADED_OWNER_UNKNOWN] = "OWNER_UNKNOWN",
	[DEGRADED_TEXT_ESCAPED] = "TEXT_ESCAPED",
};

#define COUNT(table) (uint32_t)(sizeof(table) / sizeof((table)[0]))

static const char *const *value_names(enum field_id field, uint32_t *ret_n) {
	*ret_n = 0;
	if (field == FIELD_KIND || field == FIELD_HOST_LOST_KIND) {
		*ret_n = COUNT(kind_names);
		return kind_names;
	}
	if (field == FIELD_OUTCOME) {
		*ret_n = COUNT(outcome_names);
		return outcome_names;
	}
	if (field == FIELD_NET_TRANSPORT) {
		*ret_n = COUNT(transport_names);
		return transport_names;
	}
	if (field == FIELD_DEGRADED) {
		*ret_n = COUNT(degraded_names);
		return degraded_names;
	}
	return NULL;
}

const char *taxonomy_value(enum field_id field, uint32_t number) {
	uint32_t n;
	const char *const *table = value_names(field, &n);

	return number < n ? table[number] : NULL;
}

bool taxonomy_value_known(enum field_id field, struct str name) {
	uint32_t n;
	const char *const *table = value_names(field, &n);

	for (uint32_t i = 0; i < n; i++) {
		if (table[i] && strlen(table[i]) == name.n &&
		    strncasecmp(table[i], name.s, name.n) == 0)
			return true;
	}
	return false;
}

#define ONE(kind) (1ull << WIRE_##kind)

static const struct {
	const char *category;
	uint64_t kinds;
} categories[] = {
	{ "process_creation", ONE(PROCESS_EXEC) },
	{ "process_exit", ONE(PROCESS_EXIT) },
	{ "file_event", ONE(FILE_CREATE) | ONE(FILE_OPEN) | ONE(FILE_RENAME) | ONE(FILE_LINK) |
				ONE(FILE_SYMLINK) },
	{ "file_rename", ONE(FILE_RENAME) },
	{ "file_delete", ONE(FILE_UNLINK) },
	{ "file_change", ONE(FILE_CHMOD) | ONE(FILE_CHOWN) },
	{ "network_connection", ONE(NET_CONNECT) | ONE(NET_SEND) | ONE(NET_ACCEPT) },
	{ "network_listen", ONE(NET_BIND) | ONE(NET_LISTEN) },
};

#define EVERY_KIND                                                                                 \
	(ONE(PROCESS_EXEC) | ONE(PROCESS_EXIT) | ONE(FILE_CREATE) | ONE(FILE_OPEN) |               \
	 ONE(FILE_RENAME) | ONE(FILE_UNLINK) | ONE(FILE_CHMOD) | ONE(FILE_CHOWN) |                 \
	 ONE(FILE_LINK) | ONE(FILE_SYMLINK) | ONE(NET_CONNECT) | ONE(NET_ACCEPT) | ONE(NET_BIND) | \
	 ONE(NET_LISTEN) | ONE(NET_SEND))

uint64_t taxonomy_kinds(const struct logsource *source, const char **ret_why) {
	if (source->product.s && !str_eq(source->product, STR("linux"))) {
		*ret_why = "its log source is of another product than linux";
		return 0;
	}
	if (source->service.s) {
		*ret_why = "its log source is a service's own log, which this sensor does not read";
		return 0;
	}
	if (!source->category.s)
		return EVERY_KIND;
	for (size_t i = 0; i < COUNT(categories); i++) {
		if (str_eq(source->category, str_of(categories[i].category)))
			return categories[i].kinds;
	}
	*ret_why = "its log source is a category that this sensor has no events for";
	return 0;
}

/* What an event itself says in words: no ids, no times, and nothing of the parent, which said it
 * in an event of its own. */
static const uint8_t words[] = {
	FIELD_PROCESS_NAME,  FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_COMMAND_LINE,
	FIELD_PROCESS_CWD,   FIELD_PROCESS_USER,       FIELD_PROCESS_TTY,
	FIELD_EXEC_INVOKED,  FIELD_EXEC_SCRIPT,	       FIELD_EXEC_INTERPRETER,
	FIELD_FILE_PATH,     FIELD_FILE_OLD_PATH,      FIELD_FILE_TARGET,
	FIELD_NET_SOURCE_IP, FIELD_NET_DESTINATION_IP,
};

const uint8_t *taxonomy_words(uint32_t *ret_n) {
	*ret_n = COUNT(words);
	return words;
}
