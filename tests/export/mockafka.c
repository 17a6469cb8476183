/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mockafka - librdkafka's mock cluster of three brokers, told what to do on standard input
 *
 *     topic NAME          makes a topic of one partition
 *     fail N CODE         the next N Produce requests are answered with this error code
 *     rtt MS              every answer takes that long
 *     down | up           all brokers
 *     read NAME N         prints the first N: "ID CONTENT-TYPE SCHEMA KEY BYTES", and "end"; 0: all
 *
 * Prints the addresses of its brokers first, and "ok" after each command. With an argument it has
 * no cluster, and reads from the real brokers that the argument names.
 */
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BROKERS 3
#define PRODUCE 0 /* the protocol's number of that request */
#define MAX_WAITS 300

static rd_kafka_mock_cluster_t *cluster;
static const char *brokers;

static void header(const rd_kafka_message_t *m, const char *name) {
	rd_kafka_headers_t *headers;
	const void *value = "?";
	size_t n = 1;

	if (!rd_kafka_message_headers(m, &headers))
		(void)rd_kafka_header_get_last(headers, name, &value, &n);
	(void)printf("%.*s ", (int)n, (const char *)value);
}

static void show(const rd_kafka_message_t *m) {
	header(m, "lapwing-id");
	header(m, "content-type");
	header(m, "lapwing-schema");
	(void)printf("%.*s %zu\n", (int)m->key_len, (const char *)m->key, m->len);
}

static void read_all(const char *topic, int wanted) {
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char why[200];
	bool all = !wanted, end = false;
	rd_kafka_t *consumer;

	(void)rd_kafka_conf_set(conf, "bootstrap.servers", brokers, why, sizeof(why));
	(void)rd_kafka_conf_set(conf, "group.id", "test", why, sizeof(why));
	(void)rd_kafka_conf_set(conf, "enable.partition.eof", "true", why, sizeof(why));
	consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, why, sizeof(why));
	(void)rd_kafka_poll_set_consumer(consumer);
	rd_kafka_topic_partition_list_add(list, topic, 0)->offset = RD_KAFKA_OFFSET_BEGINNING;
	(void)rd_kafka_assign(consumer, list);
	for (int waits = 0; (all ? !end : wanted > 0) && waits < MAX_WAITS; waits++) {
		rd_kafka_message_t *m = rd_kafka_consumer_poll(consumer, 100);

		if (m && !m->err) {
			show(m);
			wanted--;
			waits = 0;
		}
		end = m && m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF;
		if (m)
			rd_kafka_message_destroy(m);
	}
	rd_kafka_topic_partition_list_destroy(list);
	(void)rd_kafka_consumer_close(consumer);
	rd_kafka_destroy(consumer);
	(void)printf("end\n");
}

static void obey(char *line) {
	char *word = strtok(line, " \n"), *a = strtok(NULL, " \n"), *b = strtok(NULL, " \n");

	if (!word)
		return;
	if (!strcmp(word, "topic"))
		(void)rd_kafka_mock_topic_create(cluster, a, 1, BROKERS);
	else if (!strcmp(word, "read"))
		read_all(a, atoi(b));
	for (int i = 0; !strcmp(word, "fail") && i < atoi(a); i++)
		rd_kafka_mock_push_request_errors(cluster, PRODUCE, 1,
						  (rd_kafka_resp_err_t)atoi(b));
	for (int32_t i = 1; i <= BROKERS; i++) {
		if (!strcmp(word, "down"))
			(void)rd_kafka_mock_broker_set_down(cluster, i);
		else if (!strcmp(word, "up"))
			(void)rd_kafka_mock_broker_set_up(cluster, i);
		else if (!strcmp(word, "rtt"))
			(void)rd_kafka_mock_broker_set_rtt(cluster, i, atoi(a));
	}
}

int main(int argc, char **argv) {
	char why[200], line[200];
	rd_kafka_t *host = NULL;

	brokers = argv[1];
	if (argc < 2) {
		host = rd_kafka_new(RD_KAFKA_PRODUCER, rd_kafka_conf_new(), why, sizeof(why));
		cluster = host ? rd_kafka_mock_cluster_new(host, BROKERS) : NULL;
		if (!cluster)
			return 2;
		brokers = rd_kafka_mock_cluster_bootstraps(cluster);
	}
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	(void)printf("%s\n", brokers);
	while (fgets(line, sizeof(line), stdin)) {
		obey(line);
		(void)printf("ok\n");
	}
	if (cluster)
		rd_kafka_mock_cluster_destroy(cluster);
	if (host)
		rd_kafka_destroy(host);
	return 0;
}
