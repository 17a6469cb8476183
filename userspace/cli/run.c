/* SPDX-License-Identifier: Apache-2.0 */
/*
 * run.c - the sensor in the foreground
 */
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/log.h"
#include "base/procfile.h"
#include "cli/sensor.h"

extern const struct command command_run;

/* PROC_CGROUP_INIT_INO of include/linux/proc_ns.h */
#define CGROUP_NAMESPACE_INODE 0xeffffffbu

enum {
	OPTION_DURATION = SENSOR_OWN,
	OPTION_SCOPE,
	/* said by `supervise`, to nobody else: app/beat.h */
	OPTION_BEAT_FD,
	OPTION_MODE,
	OPTION_WHY,
	OPTION_CAREFUL,
	OPTION_SETTLE,
};

static int take_duration(struct session_options *o) {
	char *end;

	o->duration_s = strtod(optarg, &end);
	if (end == optarg || *end || !(o->duration_s > 0) || o->duration_s > 1e9)
		return cli_misuse(&command_run,
				  "--duration takes seconds, such as 10 or 0.5, not \"%s\"",
				  optarg);
	return CLI_OK;
}

/* cgroup_of - the cgroup v2 folder that @name means, below whichever mount of it there is */
static int cgroup_of(const char *name, struct session_options *o) {
	static const char *const mounts[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
	static char path[PATH_MAX];
	char given[PATH_MAX];
	struct statfs fs;
	struct stat st, ns;

	for (int i = 0; i < 2; i++) {
		size_t n = strlen(mounts[i]);
		const char *below = !strncmp(name, mounts[i], n) ? name + n : name;

		if (snprintf(given, sizeof(given), "%s%s", mounts[i], below) >= PATH_MAX ||
		    !realpath(given, path) || strncmp(path, mounts[i], n) || statfs(path, &fs) ||
		    fs.f_type != CGROUP2_SUPER_MAGIC || stat(path, &st) || !S_ISDIR(st.st_mode))
			continue;
		/* in a cgroup namespace the path from the real root is not to be had */
		if (stat("/proc/self/ns/cgroup", &ns) || ns.st_ino != CGROUP_NAMESPACE_INODE)
			break;
		o->scope_cgroup = path + n;
		o->scope_cgroup_id = st.st_ino;
		return CLI_OK;
	}
	log_error("--scope \"%s\": the host has no such cgroup (v2); give its path below "
		  "/sys/fs/cgroup, as in /system.slice/ssh.service",
		  name);
	return CLI_FAILURE;
}

/* is_process - whether @pid is a process, and not a thread of one */
static bool is_process(long pid) {
	uint64_t tgid;
	char name[32];

	(void)snprintf(name, sizeof(name), "/proc/%ld/status", pid);
	return !procfile_number(name, "Tgid", &tgid) && tgid == (uint64_t)pid;
}

static int take_scope(struct session_options *o) {
	long pid;
	int code;

	if (optarg[0] == '/')
		return cgroup_of(optarg, o);
	code = sensor_number(&command_run, "--scope (unless a cgroup: /path)", optarg, 1, 1 << 22,
			     &pid);
	if (code)
		return code;
	if (!is_process(pid)) {
		log_error("--scope %ld: there is no such process", pid);
		return CLI_FAILURE;
	}
	o->scope_pid = (pid_t)pid;
	return CLI_OK;
}

static int take_mode(struct beat *b) {
	for (int i = 0; i < GUARD_LEVELS; i++) {
		if (strcmp(optarg, guard_word((enum guard_level)i)) != 0)
			continue;
		b->level = (enum guard_level)i;
		return CLI_OK;
	}
	return cli_misuse(&command_run, "--mode takes full, last-good, core or safe, not \"%s\"",
			  optarg);
}

/* take_beat - what the supervisor says */
static int take_beat(int option, struct beat *b) {
	long n = 0;
	int code;

	switch (option) {
	case OPTION_MODE:
		return take_mode(b);
	case OPTION_WHY:
		b->why = optarg;
		return CLI_OK;
	case OPTION_CAREFUL:
		b->careful = optarg;
		return CLI_OK;
	case OPTION_SETTLE:
		return sensor_number(&command_run, "--settle-ms", optarg, 0, 1000000,
				     &b->settle_ms);
	default:
		code = sensor_number(&command_run, "--beat-fd", optarg, 3, 1 << 20, &n);
		b->fd = code ? -1 : (int)n;
		(void)prctl(PR_SET_NAME, "lapwing"); /* it was executed as /proc/self/exe */
		return code;
	}
}

static int run_run(int argc, char **argv) {
	static const struct option options[] = {
		SENSOR_LONG_OPTIONS,
		{ "duration", required_argument, NULL, OPTION_DURATION },
		{ "scope", required_argument, NULL, OPTION_SCOPE },
		{ "run-folder", required_argument, NULL, SENSOR_RUN_FOLDER },
		{ "listen", required_argument, NULL, SENSOR_LISTEN },
		{ "beat-fd", required_argument, NULL, OPTION_BEAT_FD },
		{ "mode", required_argument, NULL, OPTION_MODE },
		{ "why", required_argument, NULL, OPTION_WHY },
		{ "careful", required_argument, NULL, OPTION_CAREFUL },
		{ "settle-ms", required_argument, NULL, OPTION_SETTLE },
		{ 0 },
	};
	struct session_options o = sensor_options();
	int option, code;

	optind = 1;
	opterr = 0;
	while ((option = cli_option(argc, argv, SENSOR_SHORT_OPTIONS, options)) != -1) {
		switch (option) {
		case 'h':
			return cli_help(&command_run);
		case OPTION_DURATION:
			code = take_duration(&o);
			break;
		case OPTION_SCOPE:
			code = take_scope(&o);
			break;
		case OPTION_BEAT_FD:
		case OPTION_MODE:
		case OPTION_WHY:
		case OPTION_CAREFUL:
		case OPTION_SETTLE:
			code = take_beat(option, &o.beat);
			break;
		default:
			code = sensor_option(&command_run, option, &o);
		}
		if (code < 0)
			return cli_bad_option(&command_run, argv, options, option);
		if (code)
			return code;
	}
	if (argv[optind])
		return cli_misuse(
			&command_run,
			"\"%s\" is not an option; to run a command, use \"lapwing trace\"",
			argv[optind]);
	code = sensor_finish(&command_run, &o);
	return code ? code : session_run(&o);
}

const struct command command_run = {
	.name = "run",
	.summary = "watch this machine until stopped",
	.usage = "usage: lapwing run [OPTION]...\n"
		 "\n"
		 "Shows processes, network, file changes and detections as they happen. Ctrl-C\n"
		 "ends it with a summary. SIGHUP reads the rules anew.\n"
		 "\n"
		 "      --duration S    end after S seconds\n"
		 "      --scope WHAT    look only at a process and its descendants (PID), or at a\n"
		 "                      cgroup and those below it (/path)\n"
		 SENSOR_USAGE
		 "\n"
		 CLI_MORE("run")
		 "\n"
		 "example: sudo lapwing run --duration 10 -o text:- -o proto:events.pb\n",
	.more = "      --run-folder D  where status and health are asked for (" VITALS_FOLDER ")\n"
		"      --listen A:P    /healthz, /readyz and /metrics over HTTP (127.0.0.1:9467)\n"
		SENSOR_USAGE_MORE,
	.run = run_run,
};
