/* SPDX-License-Identifier: Apache-2.0 */
#include "app/settings.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/batch.h"
#include "base/log.h"
#include "base/nearest.h"
#include "sink/sink.h"
#include "spool/cursor.h"

#define AT(member) offsetof(struct settings, member)
#define ROOM(member) (sizeof(((struct settings *)0)->member) / sizeof(char *))
#define LIST(member) .offset = AT(member), .count = AT(n_##member), .max = ROOM(member)

static int take_sink(void *target, const struct config_pair *pairs, size_t n, size_t *bad,
		     const char **why);

#define TEXT_OF(number) TEXT(number)
#define TEXT(word) #word
#define LIMIT_PROCESS TEXT_OF(SESSION_LIMIT_PROCESS)

static const char *const rings[] = { "0", "1", "2", "3", "4", NULL };
static const char *const hooks[] = { "auto", "lsm", "tracepoint", "none", NULL };

static const struct config_key settings_keys[] = {
	{ .path = "rules", .type = CONFIG_TEXTS, LIST(rules), .fallback = "[]",
	  .help = "Sigma rules, files or folders; the shipped ones by default" },
	{ .path = "strict_rules", .type = CONFIG_YES, .offset = AT(strict_rules), .fallback = "no",
	  .help = "yes: one bad rule, and the sensor does not start" },
	{ .path = "hooks", .type = CONFIG_WORD, .offset = AT(hooks), .words = hooks,
	  .fallback = "auto",
	  .help = "auto (best that works), lsm, tracepoint, none (logs only)" },
	{ .path = "hooks_budget", .type = CONFIG_BYTES, .offset = AT(hooks_budget),
	  .fallback = "10000",
	  .help = "millionths of all CPUs that BPF programs may take, one of them half; 0: any" },
	{ .path = "hooks_calm", .type = CONFIG_SECONDS, .offset = AT(hooks_calm_s),
	  .fallback = "10m", .help = "what was shed for its cost comes back after so long a calm" },
	{ .path = "watch", .type = CONFIG_TEXTS, LIST(watch), .fallback = "[]",
	  .help = "paths whose opens for reading are told, beside the list of the sensor's own" },
	{ .path = "env", .type = CONFIG_TEXT, .offset = AT(env),
	  .help = "variables told of an exec, as for --env: [+]NAME,NAME*,...; or none" },
	{ .path = "hash_rate", .type = CONFIG_BYTES, .offset = AT(hash_rate),
	  .fallback = "0",
	  .help = "tell the sha256 of what runs, reading so much a second, as 32MiB; 0: none" },
	{ .path = "outputs", .type = CONFIG_TEXTS, LIST(outputs), .fallback = "[]",
	  .help = "for people: text:-, json:FILE, proto:FILE; not through the spool" },
	{ .path = "limits.process", .type = CONFIG_BYTES, .offset = AT(limit_process),
	  .fallback = LIMIT_PROCESS,
	  .help = "deeds of a kind, but fork, exec and exit, told of one in a second; 0: all" },
	{ .path = "limits.cgroup", .type = CONFIG_BYTES, .offset = AT(limit_cgroup),
	  .fallback = "0", .help = "likewise of all processes of a cgroup" },
	{ .path = "rings.process", .type = CONFIG_BYTES, .offset = AT(ring_process),
	  .fallback = "2MiB", .help = "room for the life of processes; a power of two" },
	{ .path = "rings.bulk", .type = CONFIG_BYTES, .offset = AT(ring_bulk),
	  .fallback = "8MiB", .help = "room for everything else; a power of two" },
	{ .path = "spool.folder", .type = CONFIG_TEXT, .offset = AT(export.folder),
	  .fallback = EXPORT_FOLDER, .help = "where events wait for their sinks" },
	{ .path = "spool.max_bytes", .type = CONFIG_BYTES, .offset = AT(export.max_bytes),
	  .fallback = "1GiB", .help = "past it the oldest of the least important events go" },
	{ .path = "spool.max_age", .type = CONFIG_SECONDS, .offset = AT(export.max_age_s),
	  .fallback = "7d", .help = "older events go; 0s: never" },
	{ .path = "spool.keep", .type = CONFIG_BYTES, .offset = AT(export.keep_bytes),
	  .fallback = "256MiB",
	  .help = "of that, what all sinks have had, for tree, explain and report; 0: nothing" },
	{ .path = "spool.key_file", .type = CONFIG_TEXT, .offset = AT(export.key_file),
	  .help = "32 random bytes: each segment then has a keyed hash chain (spool verify)" },
	{ .path = "spool.grace", .type = CONFIG_MS, .offset = AT(export.grace_ms), .fallback = "3s",
	  .help = "how long deliveries may go on when the sensor ends" },
	{ .path = "run.folder", .type = CONFIG_TEXT, .offset = AT(desk.folder),
	  .fallback = VITALS_FOLDER, .help = "where status, health and metrics are asked for" },
	{ .path = "run.listen", .type = CONFIG_TEXT, .offset = AT(desk.listen),
	  .help = "ADDRESS:PORT for /healthz, /readyz and /metrics, beside the socket" },
	{ .path = "containers.ask", .type = CONFIG_YES, .offset = AT(ask), .fallback = "yes",
	  .help = "yes: who containers are is asked of runtimes, kubelet or API" },
	{ .path = "containers.sources", .type = CONFIG_TEXTS, LIST(sources), .fallback = "[]",
	  .help = "docker:/PATH, cri:/PATH, kubelet:URL, api:URL; else the usual sockets" },
	{ .path = "containers.labels", .type = CONFIG_TEXTS, LIST(labels),
	  .fallback = "[app, app.kubernetes.io/name]",
	  .help = "of containers and pods, by their keys, that events carry" },
	{ .path = "containers.node", .type = CONFIG_TEXT, .offset = AT(node),
	  .help = "whose pods api: is asked for; the host's name by default" },
	{ .path = "containers.token", .type = CONFIG_TEXT, .offset = AT(token),
	  .help = "file for kubelet: and api:, by TLS only; the pod's by default" },
	{ .path = "containers.ca", .type = CONFIG_TEXT, .offset = AT(ca),
	  .help = "authorities to believe for these (PEM); the pod's by default" },
	{ .path = "content.folder", .type = CONFIG_TEXT, .offset = AT(content.folder),
	  .fallback = UPDATER_FOLDER,
	  .help = "rules by bundle, once keys are trusted: lapwing content trust" },
	{ .path = "content.source", .type = CONFIG_TEXT, .offset = AT(content.source),
	  .help = "a folder or https://HOST/PATH that has the order and the bundles" },
	{ .path = "content.ca", .type = CONFIG_TEXT, .offset = AT(content.ca),
	  .help = "authorities to believe for it (PEM); the host's by default" },
	{ .path = "content.tapes", .type = CONFIG_TEXT, .offset = AT(content.tapes),
	  .help = "folder on tmpfs for this host's last minutes; by default /run/lapwing" },
	{ .path = "content.poll", .type = CONFIG_MS, .offset = AT(content.poll_ms),
	  .fallback = "60s", .help = "how often the source is asked" },
	{ .path = "content.channel", .type = CONFIG_TEXT, .offset = AT(content.channel),
	  .fallback = "stable", .help = "bundles and orders of others are left alone" },
	{ .path = "content.stratum", .type = CONFIG_TEXT, .offset = AT(content.stratum),
	  .help = "label of hosts like this one, such as debian-12/6.1/amd64" },
	{ .path = "content.part", .type = CONFIG_TEXT, .offset = AT(content.part),
	  .help = "2/3: the 2nd third of my rack, zone or service; thirds begin apart" },
	{ .path = "content.ring", .type = CONFIG_WORD, .offset = AT(content.ring), .words = rings,
	  .fallback = "0", .help = "take part when a rollout has come to this ring, not before" },
	{ .path = "content.max_ring", .type = CONFIG_WORD, .offset = AT(content.max_ring),
	  .words = rings, .fallback = "4",
	  .help = "no more of my hosts than this ring has (1: 1 %, 2: 10 %, 3: 50 %) take it" },
	{ .path = "content.laboratory", .type = CONFIG_YES, .offset = AT(content.laboratory),
	  .fallback = "no", .help = "yes: whatever is ordered for anybody is taken at once" },
	{ .path = "content.delay", .type = CONFIG_SECONDS, .offset = AT(content.delay_s),
	  .fallback = "0s", .help = "take nothing before its order is so old" },
	{ .path = "content.freeze", .type = CONFIG_YES, .offset = AT(content.freeze),
	  .fallback = "no", .help = "yes: nothing new; a revert is still followed" },
	{ .path = "content.weekends", .type = CONFIG_YES, .offset = AT(content.weekends),
	  .fallback = "no", .help = "yes: begin also from Friday 16:00 to Monday 06:00" },
	{ .path = "content.exact", .type = CONFIG_TEXT, .offset = AT(content.exact),
	  .help = "the hash of a bundle: this one and no other" },
	{ .path = "content.control", .type = CONFIG_MS, .offset = AT(content.control_ms),
	  .fallback = "60s", .help = "how long it is measured what is normal here" },
	{ .path = "content.shadow", .type = CONFIG_MS, .offset = AT(content.shadow_ms),
	  .fallback = "24h", .help = "how long a bundle runs beside the live one, unseen" },
	{ .path = "content.shadow_events", .type = CONFIG_BYTES,
	  .offset = AT(content.shadow_events), .fallback = "1000000",
	  .help = "and for how many events; for seven days at most" },
	{ .path = "content.probation", .type = CONFIG_MS, .offset = AT(content.probation_ms),
	  .fallback = "10m", .help = "how long it is live on trial" },
	{ .path = "content.lag", .type = CONFIG_MS, .offset = AT(content.lag_ms),
	  .fallback = "30s", .help = "a bundle during whose trial sinks are further behind goes" },
	{ .path = "sinks", .type = CONFIG_MAPS, .map = take_sink,
	  .help = "where events go: each has a name, a url, and keys of its kind" },
	{ 0 },
};

struct settings settings_defaults(void) {
	struct settings s = { .export = export_defaults() };

	config_defaults(settings_keys, &s);
	s.labels[s.n_labels++] = "app"; /* config_defaults() knows no lists */
	s.labels[s.n_labels++] = "app.kubernetes.io/name";
	return s;
}

int settings_policy(const struct settings_content *c, struct policy *ret, const char **bad) {
	struct policy p = { .ring = (uint32_t)c->ring,
			    .max_ring = (uint32_t)c->max_ring,
			    .delay_s = c->delay_s,
			    .weekends = c->weekends,
			    .laboratory = c->laboratory,
			    .freeze_until_s = c->freeze ? UINT64_MAX : 0 };
	const char *const keys[][2] = { { "channel", c->channel }, { "stratum", c->stratum },
					{ "part", c->part }, { "exact", c->exact } };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		int err = keys[i][1] ? policy_set(&p, str_of(keys[i][0]), str_of(keys[i][1])) : 0;

		*bad = keys[i][0];
		if (err)
			return err;
	}
	*ret = p;
	return 0;
}

/* --- sinks ------------------------------------------------------------------------------------ */

static char sentence[320];

/* knows - whether sinks of the type @t have a key @key; else the nearest one that they have */
static bool knows(const struct sink_type *t, const char *key, const char **near) {
	const char *words[64];
	size_t n = 0;

	words[n++] = "name";
	words[n++] = "url";
	words[n++] = "format";
	for (const struct sink_key *k = t->keys; k->name && n < 40; k++)
		words[n++] = k->name;
	for (const struct filter_key *k = filter_keys; k->name && n < 64; k++)
		words[n++] = k->name;
	for (size_t i = 0; i < n; i++)
		if (!strcmp(words[i], key))
			return true;
	*near = nearest_word(key, words, n);
	return false;
}

/* say - the sentence that take_sink() gives; -EINVAL */
static __attribute__((format(printf, 1, 2))) int say(const char *fmt, ...) {
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(sentence, sizeof(sentence), fmt, args);
	va_end(args);
	return -EINVAL;
}

/* check_url - the type of the sink that @url names, if @format, unless NULL, is one of its own */
static int check_url(const char *url, const char *format, const struct sink_type **ret) {
	const char *why = "there is no memory";
	struct sink_url u;
	int err = url_parse(url, &u, &why);

	if (err)
		return say("%s", why);
	err = format ? url_add(&u, "format", format) : 0;
	if (!err)
		err = sink_check(&u, batch_has_key, ret, &why);
	url_free(&u);
	return err ? say("%s", why) : 0;
}

/* check_name - one that a cursor can have, and no other sink has */
static int check_name(const struct settings *s, const char *name) {
	if (!cursor_name_ok(name))
		return say("a name is made of letters, digits, '-', '_' and '.'");
	for (unsigned i = 0; i < s->export.n_sinks; i++)
		if (s->export.sinks[i].name && !strcmp(s->export.sinks[i].name, name))
			return say("the name \"%s\" is there twice", name);
	return 0;
}

/* check_key - one that the sink @url of @type has, with a value that it can have */
static int check_key(const char *url, const struct sink_type *type, const struct config_pair *pair,
		     struct filter *filter) {
	const char *near = NULL, *why;

	if (!knows(type, pair->key, &near))
		return say("\"%.64s\" is no key of %s:%s%s%s", pair->key, type->scheme,
			   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
	if (!strcmp(pair->key, "format"))
		return check_url(url, pair->value, &type);
	return filter_set(filter, pair->key, pair->value, &why) == -EINVAL ? say("%s", why) : 0;
}

/* pair_of - the index of @key, or @n */
static size_t pair_of(const struct config_pair *pairs, size_t n, const char *key) {
	size_t i = 0;

	while (i < n && strcmp(pairs[i].key, key) != 0)
		i++;
	return i;
}

static int take_sink(void *target, const struct config_pair *pairs, size_t n, size_t *bad,
		     const char **why) {
	struct settings *s = target;
	struct export_sink *to = &s->export.sinks[s->export.n_sinks];
	size_t url = pair_of(pairs, n, "url"), name = pair_of(pairs, n, "name"), keys = 0;
	const struct sink_type *type;
	struct filter *filter;
	int err;

	*why = sentence;
	*bad = url;
	if (url == n)
		return say("a sink needs a url");
	if (s->export.n_sinks == EXPORT_SINKS)
		return say("there are too many sinks");
	err = check_url(pairs[url].value, NULL, &type);
	if (err)
		return err;
	if (filter_new(type->leaves_host, &filter))
		return say("there is no memory");
	*to = (struct export_sink){ .url = pairs[url].value,
				    .name = name < n ? pairs[name].value : NULL };
	for (size_t i = 0; i < n && !err; i++) {
		if (i == url)
			continue;
		*bad = i;
		err = i == name ? check_name(s, pairs[i].value)
				: check_key(pairs[url].value, type, &pairs[i], filter);
		if (i == name || err)
			continue;
		if (keys == EXPORT_KEYS) {
			err = say("there are too many keys");
			continue;
		}
		to->keys[keys][0] = pairs[i].key;
		to->keys[keys++][1] = pairs[i].value;
	}
	filter_free(filter);
	s->export.n_sinks += !err;
	return err;
}

/* --- the file --------------------------------------------------------------------------------- */

int settings_read(const char *path, struct settings *ret) {
	char fault[640];
	int err;

	*ret = settings_defaults();
	if (!path && access(SETTINGS_FILE, F_OK))
		return 0;
	err = config_read(path ? path : SETTINGS_FILE, settings_keys, ret, &ret->memory, fault,
			  sizeof(fault));
	if (err)
		log_error("%s", fault);
	else
		ret->export.config = ret->memory;
	return err;
}

void settings_free(struct settings *s) {
	config_free(s->memory);
	*s = settings_defaults();
}

/* begin_section - "spool:" before the first of its keys; the rest of @path */
static const char *begin_section(FILE *to, const char *path, const char **section,
				 const char *comment) {
	const char *dot = strchr(path, '.');
	size_t n = dot ? (size_t)(dot - path) : 0;

	if (dot && (!*section || strncmp(*section, path, n + 1) != 0))
		(void)fprintf(to, "%s%.*s:\n", comment, (int)n, path);
	*section = dot ? path : NULL;
	return dot ? dot + 1 : path;
}

void settings_sample(FILE *to) {
	const char *section = NULL;

	(void)fputs("# The configuration of lapwing. Every line is a default: take its first '#' "
		    "away to change it.\n"
		    "# A text may hold ${VARIABLE}, ${VARIABLE:-default} and ${file:/PATH}.\n\n",
		    to);
	for (const struct config_key *k = settings_keys; k->path; k++) {
		const char *name = begin_section(to, k->path, &section, "#");

		(void)fprintf(to, "#%s# %s\n", section ? "  " : "", k->help);
		(void)fprintf(to, "#%s%s:%s%s\n", section ? "  " : "", name, k->fallback ? " " : "",
			      k->fallback ? k->fallback : "");
	}
	(void)fputs("#  - name: archive\n"
		    "#    url: file:/var/log/lapwing/events.pb\n"
		    "#    keep: 8\n"
		    "#  - name: central\n"
		    "#    url: tls://receiver.example:6515\n"
		    "#    ca: /etc/lapwing/ca.pem\n",
		    to);
}

/* show_text - as YAML: in quotes, which everything may stand in */
static void show_text(FILE *to, const char *text) {
	(void)fputc('"', to);
	for (; *text; text++) {
		if (*text == '$')
			(void)fputc('$', to); /* so that it is read as it is */
		if ((unsigned char)*text < 0x20)
			(void)fprintf(to, "\\x%02x", (unsigned char)*text);
		else if (*text == '"' || *text == '\\')
			(void)fprintf(to, "\\%c", *text);
		else
			(void)fputc(*text, to);
	}
	(void)fputs("\"\n", to);
}

static void show_sink(FILE *to, const struct export_sink *s) {
	struct buf url = { 0 };

	url_show(&url, s->url);
	buf_add_char(&url, '\0');
	(void)fputs("  - url: ", to);
	show_text(to, buf_error(&url) ? "***" : url.data);
	buf_done(&url);
	if (s->name) {
		(void)fputs("    name: ", to);
		show_text(to, s->name);
	}
	for (int i = 0; s->keys[i][0]; i++) {
		(void)fprintf(to, "    %s: ", s->keys[i][0]);
		show_text(to, url_key_secret(s->keys[i][0], strlen(s->keys[i][0]))
				      ? "***" : s->keys[i][1]);
	}
}

static void show_value(FILE *to, const struct settings *s, const struct config_key *k) {
	const char *at = (const char *)s + k->offset;

	switch (k->type) {
	case CONFIG_TEXT:
		show_text(to, *(const char *const *)(const void *)at);
		break;
	case CONFIG_WORD:
		(void)fprintf(to, "%s\n", k->words[*(const int *)(const void *)at]);
		break;
	case CONFIG_YES:
		(void)fprintf(to, "%s\n", *(const bool *)(const void *)at ? "yes" : "no");
		break;
	case CONFIG_MS:
		(void)fprintf(to, "%" PRIu32 "ms\n", *(const uint32_t *)(const void *)at);
		break;
	default:
		(void)fprintf(to, "%" PRIu64 "%s\n", *(const uint64_t *)(const void *)at,
			      k->type == CONFIG_SECONDS ? "s" : "");
	}
}

static void show_list(FILE *to, const struct settings *s, const struct config_key *k) {
	const char *const *texts = (const void *)((const char *)s + k->offset);
	int n = *(const int *)(const void *)((const char *)s + k->count);

	(void)fprintf(to, "%s:%s\n", k->path, n ? "" : " []");
	for (int i = 0; i < n; i++) {
		(void)fputs("  - ", to);
		show_text(to, texts[i]);
	}
}

void settings_show(FILE *to, const struct settings *s) {
	const char *section = NULL;

	for (const struct config_key *k = settings_keys; k->path; k++) {
		const char *name;

		if (k->type == CONFIG_TEXTS) {
			show_list(to, s, k);
			continue;
		}
		if (k->type == CONFIG_MAPS) {
			(void)fprintf(to, "%s:%s\n", k->path, s->export.n_sinks ? "" : " []");
			for (unsigned i = 0; i < s->export.n_sinks; i++)
				show_sink(to, &s->export.sinks[i]);
			continue;
		}
		if (k->type == CONFIG_TEXT &&
		    !*(const char *const *)(const void *)((const char *)s + k->offset))
			continue;
		name = begin_section(to, k->path, &section, "");
		(void)fprintf(to, "%s%s: ", section ? "  " : "", name);
		show_value(to, s, k);
	}
}
