/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sensor.h - the options that `run` and `trace` have in common
 */
#ifndef LAPWING_SENSOR_H
#define LAPWING_SENSOR_H

#include "app/session.h"
#include "app/settings.h"
#include "cli/cli.h"
#include "cli/rules.h"

#define SENSOR_SHORT_OPTIONS "+:ho:"

enum {
	SENSOR_HOOKS = 256,
	SENSOR_RULES,
	SENSOR_NO_RULES,
	SENSOR_STRICT,
	SENSOR_TAPE,
	SENSOR_COLOR,
	SENSOR_READY_FD,
	SENSOR_SPOOL,
	SENSOR_CONFIG,
	SENSOR_WATCH,
	SENSOR_LOG,
	SENSOR_ENV,
	SENSOR_HASH_RATE,
	SENSOR_RUN_FOLDER,
	SENSOR_LISTEN,
	SENSOR_LIMIT_PROCESS,
	SENSOR_LIMIT_CGROUP,
	SENSOR_RING_PROCESS,
	SENSOR_RING_BULK,
	SENSOR_OWN, /* first number that a command may use for its own options */
};

/* clang-format off */
#define SENSOR_LONG_OPTIONS                                          \
	{ "help", no_argument, NULL, 'h' },                          \
	{ "output", required_argument, NULL, 'o' },                  \
	{ "hooks", required_argument, NULL, SENSOR_HOOKS },          \
	{ "rules", required_argument, NULL, SENSOR_RULES },          \
	{ "no-rules", no_argument, NULL, SENSOR_NO_RULES },          \
	{ "strict", no_argument, NULL, SENSOR_STRICT },              \
	{ "config", required_argument, NULL, SENSOR_CONFIG },        \
	{ "spool", required_argument, NULL, SENSOR_SPOOL },          \
	RULES_SELECT_OPTIONS,                                        \
	{ "tape", required_argument, NULL, SENSOR_TAPE },            \
	{ "color", required_argument, NULL, SENSOR_COLOR },          \
	{ "ready-fd", required_argument, NULL, SENSOR_READY_FD },    \
	{ "log", required_argument, NULL, SENSOR_LOG },              \
	{ "watch", required_argument, NULL, SENSOR_WATCH },          \
	{ "env", required_argument, NULL, SENSOR_ENV },              \
	{ "hash-rate", required_argument, NULL, SENSOR_HASH_RATE },  \
	{ "limit-process", required_argument, NULL, SENSOR_LIMIT_PROCESS }, \
	{ "limit-cgroup", required_argument, NULL, SENSOR_LIMIT_CGROUP }, \
	{ "ring-process", required_argument, NULL, SENSOR_RING_PROCESS }, \
	{ "ring-bulk", required_argument, NULL, SENSOR_RING_BULK }

#define SENSOR_USAGE                                                                      \
	"  -o, --output SPEC   FORMAT:FILE; text, json, proto, ocsf, ecs; - is stdout\n"          \
	"  -o, --output URL    a sink, such as file:/PATH?format=json or tls://HOST:PORT:\n" \
	"                      through the spool, until it acknowledges (repeatable)\n" \
	"      --config FILE   the configuration (`run`: " SETTINGS_FILE ")\n"   \
	"      --rules PATH    Sigma rules, file or folder (repeatable; else the shipped)\n"  \
	"      --no-rules      detect nothing\n"                                             \
	"      --hooks SET     auto (best that works), lsm, tracepoint, none\n"              \
	"      --watch PATH    tell opens for reading of this file or folder (repeatable)\n" \
	"      --tape FILE     record the raw ring, for `lapwing replay`\n"

#define SENSOR_USAGE_MORE                                                                 \
	"      --spool DIR     where events wait for sinks (" EXPORT_FOLDER ")\n"           \
	"      --strict        a rule with a fault refuses all of them\n"                     \
	RULES_SELECT_USAGE                                                                     \
	"      --log NAME=PATH  tell the lines that come to a log, for rules of service\n"  \
	"                      NAME: auth, syslog, ...; kernel=/dev/kmsg, syslog=journal:\n" \
	"                      (repeatable)\n" \
	"      --env [+]NAMES  variables told of an exec, such as LD_*,ENV; +: beside the\n"   \
	"                      usual ones (LD_* and a few); or none\n"                        \
	"      --hash-rate SIZE  sha256 of what runs, reading SIZE a second; 0: off (0)\n"     \
	"      --limit-process N  deeds of a kind, but fork, exec and exit, told of a\n"      \
	"                      process in a second, the others being counted; 0: all\n"       \
	"                      (10000)\n"                                                     \
	"      --limit-cgroup N  likewise of a cgroup's processes together (0)\n"             \
	"      --ring-process SIZE  room for the life of processes (2MiB)\n"                  \
	"      --ring-bulk SIZE  room for everything else (8MiB)\n"                           \
	"      --color WHEN    auto, always, never\n"                                        \
	"      --ready-fd N    write a newline to descriptor N when all is attached\n"
/* clang-format on */

/* sensor_options - the defaults */
struct session_options sensor_options(void);

/*
 * sensor_option - takes one option that getopt_long() gave, if it is a common one
 * CLI_OK; or an exit code to end with, the fault said. -1: not one of these.
 */
int sensor_option(const struct command *c, int option, struct session_options *o);

/* sensor_finish - fills in what was not said; CLI_OK or an exit code, the fault said */
int sensor_finish(const struct command *c, struct session_options *o);

/* sensor_number - a whole number from @min to @max; CLI_OK or CLI_USAGE, the fault said */
int sensor_number(const struct command *c, const char *option, const char *text, long min, long max,
		  long *ret);

#endif
