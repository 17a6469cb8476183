/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kafka.c - a topic of a Kafka cluster, by librdkafka
 *
 * The library is loaded when a Kafka sink is opened, and not before. Acknowledged means: its
 * delivery report says so: with an idempotent producer, that all in-sync replicas have it.
 * Every message is reported within message.timeout.ms, so a send ends with nothing in flight.
 */
#include <errno.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "event/field.h"
#include "base/clock.h"
#include "sink/docs.h"
#include "sink/tls.h"
#include "base/library.h"

extern const struct sink_type sink_kafka;

#define PORT 9092
#define MAX_BATCH 4096
#define SLACK_MS 5000 /* for reports, past the time that a message may take */

/* What of librdkafka is used, found when it is loaded. */
static struct {
	void *library;
	__typeof__(rd_kafka_conf_new) *conf_new;
	__typeof__(rd_kafka_conf_set) *conf_set;
	__typeof__(rd_kafka_conf_destroy) *conf_destroy;
	__typeof__(rd_kafka_conf_set_dr_msg_cb) *set_report;
	__typeof__(rd_kafka_conf_set_error_cb) *set_error;
	__typeof__(rd_kafka_conf_set_log_cb) *set_log;
	__typeof__(rd_kafka_conf_set_opaque) *set_opaque;
	__typeof__(rd_kafka_new) *new;
	__typeof__(rd_kafka_destroy) *destroy;
	__typeof__(rd_kafka_producev) *produce;
	__typeof__(rd_kafka_poll) *poll;
	__typeof__(rd_kafka_purge) *purge;
	__typeof__(rd_kafka_fatal_error) *fatal;
	__typeof__(rd_kafka_err2str) *text;
} lib;

struct kafka {
	struct sink *sink;
	rd_kafka_t *producer; /* NULL: to be made */
	struct docs docs;
	size_t open; /* documents without a report */
	bool too_large; /* a report said so */
	char reason[160]; /* the last fault of a connection, which reports do not name */
	uint32_t timeout_ms;
	const char *topic, *type;
};

static int load(struct sink *s) {
	static const struct library_call wanted[] = {
		{ "rd_kafka_conf_new", &lib.conf_new },
		{ "rd_kafka_conf_set", &lib.conf_set },
		{ "rd_kafka_conf_destroy", &lib.conf_destroy },
		{ "rd_kafka_conf_set_dr_msg_cb", &lib.set_report },
		{ "rd_kafka_conf_set_error_cb", &lib.set_error },
		{ "rd_kafka_conf_set_log_cb", &lib.set_log },
		{ "rd_kafka_conf_set_opaque", &lib.set_opaque },
		{ "rd_kafka_new", &lib.new },
		{ "rd_kafka_destroy", &lib.destroy },
		{ "rd_kafka_producev", &lib.produce },
		{ "rd_kafka_poll", &lib.poll },
		{ "rd_kafka_purge", &lib.purge },
		{ "rd_kafka_fatal_error", &lib.fatal },
		{ "rd_kafka_err2str", &lib.text },
		{ 0 },
	};

	const char *why;
	int err = library_load("librdkafka.so.1", "librdkafka1", wanted, &lib.library, &why);

	return err ? sink_fail(s, err, "kafka: %s", why) : 0;
}

/* --- what the library tells us; all of it from within poll(), in our own thread --------------- */

static enum sink_outcome outcome_of(rd_kafka_resp_err_t err) {
	switch (err) {
	case RD_KAFKA_RESP_ERR_NO_ERROR:
		return SINK_ACKED;
	case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
	case RD_KAFKA_RESP_ERR_INVALID_MSG:
	case RD_KAFKA_RESP_ERR_INVALID_RECORD:
	case RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE:
		return SINK_REFUSED;
	default:
		return SINK_AGAIN;
	}
}

static void on_report(rd_kafka_t *producer, const rd_kafka_message_t *message, void *opaque) {
	struct kafka *k = opaque;
	struct doc *doc = message->_private;

	(void)producer;
	if (message->err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		k->too_large = true;
	else
		doc->outcome = outcome_of(message->err);
	if (message->err)
		(void)sink_fail(k->sink, 0, "a message was not taken: %s; %s",
				lib.text(message->err), k->reason);
	k->open--;
}

static void on_error(rd_kafka_t *producer, int err, const char *reason, void *opaque) {
	struct kafka *k = opaque;

	(void)producer;
	(void)err;
	(void)snprintf(k->reason, sizeof(k->reason), "%s", reason);
}

/* what it would write to standard error is told by on_error() */
static void on_log(const rd_kafka_t *producer, int level, const char *facility, const char *text) {
	(void)producer;
	(void)level;
	(void)facility;
	(void)text;
}

/* --- setting up ------------------------------------------------------------------------------- */

static int set(struct sink *s, rd_kafka_conf_t *conf, const char *name, const char *value) {
	char why[160];

	if (!value || lib.conf_set(conf, name, value, why, sizeof(why)) == RD_KAFKA_CONF_OK)
		return 0;
	return sink_fail(s, -EINVAL, "kafka: %s", why);
}

static int set_brokers(struct sink *s, rd_kafka_conf_t *conf) {
	const char *more = sink_value(s, "brokers"), *host = s->url->host;
	bool six = host && strchr(host, ':');
	char list[1024] = "";
	int n = 0;

	if (host)
		n = snprintf(list, sizeof(list), "%s%s%s:%u", six ? "[" : "", host, six ? "]" : "",
			     s->url->port ? s->url->port : PORT);
	if (more && n < (int)sizeof(list))
		n += snprintf(list + n, sizeof(list) - (size_t)n, "%s%s", n ? "," : "", more);
	if (n >= (int)sizeof(list))
		return sink_fail(s, -EINVAL, "\"brokers\" is too long");
	return set(s, conf, "bootstrap.servers", n ? list : NULL);
}

/* check_files - librdkafka would open them only at the first delivery */
static int check_files(struct sink *s) {
	const char *others = sink_value(s, "librdkafka"), *ca = sink_value(s, "ca");
	struct tls_files files = { .ca = ca, .cert = sink_value(s, "cert"),
				   .key = sink_value(s, "key") };
	struct stat st;
	int err;

	/* what librdkafka takes and we do not: a folder, "probe", a key with a phrase */
	if (ca && !strcmp(ca, "probe"))
		files.ca = NULL;
	err = sink_readable(s, "ca", files.ca);
	if (!err)
		err = sink_readable(s, "cert", files.cert);
	if (!err)
		err = sink_readable(s, "key", files.key);
	if (err)
		return err;
	if (files.ca && !stat(files.ca, &st) && S_ISDIR(st.st_mode))
		files.ca = NULL;
	if (others && strstr(others, "ssl.key"))
		files.cert = files.key = NULL;
	return tls_check(&files, s->why, sizeof(s->why));
}

/* check_sasl - librdkafka takes any word here, and says at the first delivery that it is none */
static int check_sasl(struct sink *s) {
	static const char *const words[] = { "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "GSSAPI",
					     "OAUTHBEARER" };
	const char *word = sink_value(s, "sasl");

	for (size_t i = 0; word && i < sizeof(words) / sizeof(words[0]); i++)
		if (!strcmp(word, words[i]))
			return 0;
	return word ? sink_fail(s, -EINVAL, "\"sasl\" is PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, "
				"GSSAPI or OAUTHBEARER, not \"%.40s\"", word) : 0;
}

static int set_security(struct sink *s, rd_kafka_conf_t *conf) {
	const char *user = s->url->user;
	bool tls;
	int err = sink_yes(s, "tls", &tls);

	if (!err)
		err = set(s, conf, "security.protocol", tls ? user ? "sasl_ssl" : "ssl" :
							user ? "sasl_plaintext" : "plaintext");
	if (!err && tls)
		err = set(s, conf, "ssl.ca.location", sink_value(s, "ca"));
	if (!err && tls)
		err = set(s, conf, "ssl.certificate.location", sink_value(s, "cert"));
	if (!err && tls)
		err = set(s, conf, "ssl.key.location", sink_value(s, "key"));
	if (!err && tls)
		err = check_files(s);
	if (!err)
		err = check_sasl(s);
	if (!err && user)
		err = set(s, conf, "sasl.mechanism", sink_value(s, "sasl"));
	if (!err && user)
		err = set(s, conf, "sasl.username", user);
	return !err && user ? set(s, conf, "sasl.password", s->url->secret) : err;
}

/* set_others - "name=value,name=value", for what has no key of ours */
static int set_others(struct sink *s, rd_kafka_conf_t *conf) {
	const char *list = sink_value(s, "librdkafka");
	char name[128], value[256], why[200];
	int err = 0;

	while (list && *list && !err) {
		size_t n = strcspn(list, ",");
		const char *equals = memchr(list, '=', n);

		if (!equals)
			return sink_fail(s, -EINVAL, "\"librdkafka\" is a list of name=value");
		(void)snprintf(name, sizeof(name), "%.*s", (int)(equals - list), list);
		(void)snprintf(value, sizeof(value), "%.*s",
			       (int)(n - (size_t)(equals - list) - 1), equals + 1);
		err = set(s, conf, name, value);
		if (err) { /* it names the property, and this our key */
			(void)snprintf(why, sizeof(why), "%.190s", s->why);
			return sink_fail(s, err, "\"librdkafka\": %s", why);
		}
		list += n + (list[n] == ',');
	}
	return err;
}

static int set_all(struct sink *s, struct kafka *k, rd_kafka_conf_t *conf) {
	static const char *const fixed[][2] = {
		{ "client.id", "lapwing" },
		{ "enable.idempotence", "true" },
		{ "compression.type", "zstd" },
		{ "linger.ms", "20" },
		{ "message.max.bytes", "1000000" },
		{ "queue.buffering.max.kbytes", "32768" },
	};
	char timeout[24];
	int err = 0;

	for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]) && !err; i++)
		err = set(s, conf, fixed[i][0], fixed[i][1]);
	(void)snprintf(timeout, sizeof(timeout), "%u", k->timeout_ms);
	if (!err)
		err = set(s, conf, "message.timeout.ms", timeout);
	if (!err)
		err = set_brokers(s, conf);
	if (!err)
		err = set_security(s, conf);
	return err ? err : set_others(s, conf);
}

static int start(struct sink *s, struct kafka *k) {
	rd_kafka_conf_t *conf = lib.conf_new();
	char why[160];
	int err = set_all(s, k, conf);

	if (err) {
		lib.conf_destroy(conf);
		return err;
	}
	lib.set_report(conf, on_report);
	lib.set_error(conf, on_error);
	lib.set_log(conf, on_log);
	lib.set_opaque(conf, k);
	k->producer = lib.new(RD_KAFKA_PRODUCER, conf, why, sizeof(why));
	if (k->producer)
		return 0;
	lib.conf_destroy(conf);
	return sink_fail(s, -EIO, "kafka: %s", why);
}

static int kafka_open(struct sink *s) {
	struct kafka *k = calloc(1, sizeof(*k));
	rd_kafka_conf_t *conf;
	int err;

	s->state = k;
	if (!k)
		return sink_fail(s, -ENOMEM, "there is no memory");
	k->sink = s;
	k->topic = s->url->path && s->url->path[0] == '/' ? s->url->path + 1 : s->url->path;
	k->type = !strcmp(s->format, "proto") ? "application/x-protobuf" : "application/json";
	if (!k->topic || !*k->topic)
		k->topic = "lapwing";
	err = load(s);
	if (!err)
		err = sink_timeout(s, &k->timeout_ms);
	if (err)
		return err;
	/* its threads must be born in the sandbox; here only what the config says is tried */
	conf = lib.conf_new();
	err = set_all(s, k, conf);
	lib.conf_destroy(conf);
	return err;
}

/* --- sending ---------------------------------------------------------------------------------- */

static rd_kafka_resp_err_t produce(struct kafka *k, const struct sink_batch *batch,
				   struct doc *doc) {
	const struct event *e = batch->items[doc->item].event;
	struct str host = event_has(e, FIELD_HOST_ID) ? e->host_id : STR("");
	char schema[12], suffix[12], id[200];
	struct str of;

	docs_id(batch, doc, &of, suffix);
	(void)snprintf(id, sizeof(id), "%.*s%s", (int)(of.n < 180 ? of.n : 180), of.s, suffix);
	(void)snprintf(schema, sizeof(schema), "%u",
		       event_has(e, FIELD_SCHEMA) ? e->schema : EVENT_SCHEMA);
	return lib.produce(k->producer, RD_KAFKA_V_TOPIC(k->topic),
			   RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
			   RD_KAFKA_V_KEY((void *)(uintptr_t)host.s, host.n),
			   RD_KAFKA_V_VALUE((void *)(uintptr_t)doc->text.s, doc->text.n),
			   RD_KAFKA_V_HEADER("content-type", k->type, -1),
			   RD_KAFKA_V_HEADER("lapwing-schema", schema, -1),
			   RD_KAFKA_V_HEADER("lapwing-id", id, -1), RD_KAFKA_V_OPAQUE(doc),
			   RD_KAFKA_V_END);
}

/* hand_over - a document; waits for room in the queue. The library's first refusal ends it. */
static int hand_over(struct kafka *k, const struct sink_batch *batch, struct doc *doc,
		     uint64_t end) {
	for (;;) {
		rd_kafka_resp_err_t err = produce(k, batch, doc);

		if (!err) {
			k->open++;
			return 0;
		}
		if (outcome_of(err) == SINK_REFUSED) {
			doc->outcome = SINK_REFUSED;
			return 0;
		}
		if (err != RD_KAFKA_RESP_ERR__QUEUE_FULL || clock_ms(CLOCK_MONOTONIC) >= end)
			return sink_fail(k->sink, -EIO, "kafka: %s", lib.text(err));
		(void)lib.poll(k->producer, 100);
	}
}

/* await_reports - until every message has its report, which it has when its time is over */
static void await_reports(struct kafka *k, uint64_t end) {
	while (k->open && clock_ms(CLOCK_MONOTONIC) < end)
		(void)lib.poll(k->producer, 100);
	if (!k->open)
		return;
	(void)lib.purge(k->producer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	while (k->open)
		(void)lib.poll(k->producer, 100);
}

static int request(struct sink *s, struct sink_batch *batch, struct docs *d, size_t first,
		   size_t n) {
	struct kafka *k = s->state;
	uint64_t end = clock_ms(CLOCK_MONOTONIC) + k->timeout_ms + SLACK_MS;
	size_t again = 0;
	char why[128];
	int err = 0;

	k->too_large = false;
	for (size_t i = 0; i < n && !err; i++) {
		if (d->v[first + i].outcome == SINK_AGAIN)
			err = hand_over(k, batch, &d->v[first + i], end);
	}
	await_reports(k, end);
	for (size_t i = 0; i < n; i++)
		again += d->v[first + i].outcome == SINK_AGAIN;
	/* a producer that broke for good is made anew the next time */
	if (lib.fatal(k->producer, why, sizeof(why))) {
		lib.destroy(k->producer);
		k->producer = NULL;
		return sink_fail(s, -EIO, "kafka: %s", why);
	}
	/* a broker says so of a whole batch; what it took of the others is not sent again */
	if (!err && k->too_large)
		return -E2BIG;
	return err ? err : again == n ? -EIO : 0;
}

static int kafka_send(struct sink *s, struct sink_batch *batch) {
	struct kafka *k = s->state;
	int err = docs_of(&k->docs, batch, !strcmp(s->format, "proto"));

	if (!err && !k->producer)
		err = start(s, k);
	return err ? err : docs_send(s, batch, &k->docs, request);
}

static void kafka_close(struct sink *s) {
	struct kafka *k = s->state;

	if (!k)
		return;
	if (k->producer)
		lib.destroy(k->producer);
	docs_done(&k->docs);
	free(k);
}

static const char *const formats[] = { "proto", "json", "ocsf", "ecs", NULL };

static const struct sink_key keys[] = {
	{ "brokers", NULL, "more brokers to begin with: host:port,host:port" },
	{ "tls", "yes", "no: in the clear" },
	{ "ca", NULL, "a file of authorities to trust instead of the system's" },
	{ "cert", NULL, "a file with our certificate, for mutual TLS" },
	{ "key", NULL, "a file with its private key" },
	{ "sasl", "SCRAM-SHA-512", "the mechanism, when the URL has a user and a secret" },
	{ "timeout", "30s", "how long a message may take before it is sent again" },
	{ "librdkafka", NULL, "name=value,name=value: other properties of librdkafka" },
	{ 0 },
};

const struct sink_type sink_kafka = {
	.scheme = "kafka",
	.example = "kafka://broker.example:9092/lapwing",
	.formats = formats,
	.keys = keys,
	.needs = SINK_NEEDS_NET | SINK_NEEDS_THREADS,
	.leaves_host = true,
	.max_batch_events = MAX_BATCH,
	.max_batch_bytes = 4 * 1024 * 1024,
	.open = kafka_open,
	.send = kafka_send,
	.close = kafka_close,
};
