/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session.h - one run of the sensor, from the first check to the summary
 */
#ifndef LAPWING_SESSION_H
#define LAPWING_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "app/beat.h"
#include "app/corridor.h"
#include "app/desk.h"
#include "app/environment.h"
#include "app/follow.h"
#include "app/live.h"
#include "app/watch.h"
#include "probe/probe.h"

#define SESSION_RULES 16

/* Deeds of one kind of one process told in a second: a tenth of what a busy machine can take in. */
#define SESSION_LIMIT_PROCESS 10000

struct session_options {
	enum probe_hooks hooks;
	const char *rules[SESSION_RULES]; /* files or folders; none: no detection */
	size_t n_rules;
	bool no_rules;			     /* detect nothing */
	const char *outputs[CORRIDOR_OUTPUTS]; /* as output_open() takes them */
	struct detect_options detect;	     /* how rules are read */
	int n_outputs;
	struct live_options content; /* .off: no rules but those above */
	const char *config;		     /* --config; NULL: `run` takes the default file */
	struct export_options export;	     /* used when it has sinks, or @spool is set */
	bool spool;			     /* keep events though nobody is to have them */
	struct whois_options whois;	     /* who containers are; not .on: nobody is asked */
	struct desk_options desk;	     /* who may ask how it is; no folder: nobody */
	const char *tape;	  /* NULL: none */
	int color;		  /* as in struct corridor */
	bool summary;		  /* header and summary on standard error */
	double duration_s;	  /* 0: until a signal */
	struct beat beat;	  /* a worker's level, and who listens to it */
	int ready_fd;		  /* gets a newline when everything is attached; -1: none */
	pid_t scope_pid;	  /* 0: no such scope */
	const char *scope_cgroup; /* NULL: no such scope; "/a/b" below the cgroup2 root */
	uint64_t scope_cgroup_id;
	struct probe_volume volume;
	bool limits_given[2]; /* by the command line: of a process, of a cgroup */
	struct knobs_env env; /* which variables of an exec are told */
	uint64_t hash_rate;   /* bytes a second that are read to hash what runs; 0: no hashes */
	bool env_given, hash_given; /* by the command line */
	struct watch watch;	  /* whose opens for reading are told */
	struct follow *logs;	  /* to be followed; NULL: none */
	char **command; /* run this and look only at it and its descendants; or NULL */
	bool follow;	/* with @command: go on until its last descendant has ended */
};

/*
 * session_run - runs the sensor as @options say; logs what goes wrong
 * Gives an exit code: 0; 1: failed; 2: bad rules; with a command, that command's
 * own (128 + signal when one ended it).
 */
int session_run(const struct session_options *options);

#endif
