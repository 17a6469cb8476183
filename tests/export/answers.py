# SPDX-License-Identifier: Apache-2.0
"""answers: what Splunk's collector and Elasticsearch say of some events, of all, and of themselves.

What is no fault of an event's costs none, however it is answered.
"""

import json

import http_sinks
from http_sinks import N, PATIENT, SINKS, check, feed, holds, whole
from receivers import Elastic, Splunk
from rig import Rig, balance, temporary

_, SPLUNK, ELASTIC = SINKS


def at_one_go(sink, r, **keys):
    """The same courier to the end: what it knows of the receiver is not begun anew."""
    with temporary() as folder:
        rig = Rig(folder, http_sinks.EVENTS, sink.url(r.port, **keys), config=PATIENT)
        rig.run(1)
        ledger = rig.ledger()
    check(f"{ledger}", ledger["acknowledged"] == N and not list(balance(ledger)))
    check("not everything is there", set(r.ids) == http_sinks.EVENTS.ids)
    check(f"grammar: {sorted(set(r.faults))[:3]}", not r.faults)


def splunk_never_indexed():
    with Splunk(indexing=10**9) as r:
        holds(feed(SPLUNK, r, seconds=1, ack_timeout="300ms"), [], left=N)


def splunk_never_told_and_then_taken():
    """A collector that will never say of a channel that it is indexed: all is sent again on another."""
    with Splunk() as r:
        silent = r.answer_acks
        r.answer_acks = lambda body: silent(body) if len(r.channels) > 1 else \
            (200, {}, b'{"acks":{"1000":false}}')
        at_one_go(SPLUNK, r, ack_timeout="300ms")
        check(f"{len(r.channels)} channels", len(r.channels) == 2)


def splunk_channel_expires_before_it_is_asked():
    """The collector forgot the channel, and with it what it had taken: it comes on a new one."""
    with Splunk(plan=[{"forget": True}]) as r:
        at_one_go(SPLUNK, r)
        check(f"{r.channels}", len(r.channels) == 2)


def splunk_channel_expires_between_events():
    """An idle channel is forgotten: the next events are refused for it, and are at no fault."""
    for code in (10, 11):
        with Splunk(plan=[{"unknown": code}]) as r:
            at_one_go(SPLUNK, r)
            check(f"{r.channels}", len(r.channels) == 2)


def splunk_takes_no_channel():
    """One that knows none, ever: everything is kept, and it is not asked without a pause."""
    with Splunk(plan=[{"unknown": 11}] * 1000) as r:
        account = feed(SPLUNK, r, seconds=2)
        holds(account, [], left=N)
        check(account.why, "channel" in account.why)
        check(f"{len(r.times)} requests", len(r.times) < 20)


def splunk_forgets_what_was_before_a_bad_item():
    """What was not asked for is not taken for indexed, whatever the answer says of one event."""
    with Splunk(poison=["e7", "e50"], forgets=True) as r:
        whole(r, feed(SPLUNK, r), refused=2)


def splunk_slow_index():
    with Splunk(indexing=4) as r:
        whole(r, feed(SPLUNK, r))


def elastic_denied_items():
    for status in (403, 404):
        with Elastic(plan=[{"denied": status}] * 50) as r:
            account = feed(ELASTIC, r, seconds=1)
            holds(account, [], left=N)
            check(account.why, str(status) in account.why)


# What Elasticsearch says of a document for what is wrong with the index, the cluster or the request.
ELASTIC_OF_THE_SINK = (
    ("invalid_index_name_exception", "Invalid index name [Logs], must be lowercase"),
    ("index_not_found_exception", "no such index [logs] and [action.auto_create_index] is [false]"),
    ("index_closed_exception", "closed"),
    ("security_exception", "action [indices:data/write/bulk[s]] is unauthorized"),
    ("cluster_block_exception", "index [logs] blocked by: [FORBIDDEN/8/index write (api)]"),
    ("validation_exception", "Validation Failed: 1: this action would add [2] shards, but this "
                             "cluster currently has [1000]/[1000] maximum normal shards open;"),
    ("illegal_argument_exception", "pipeline with id [logs-default-pipeline] does not exist"),
    ("illegal_argument_exception", "no write index is defined for alias [logs]. The write index may "
                                   "be explicitly disabled"),
    ("something_exception", "only write ops with an op_type of create are allowed in data streams"))
# The same with the reason one deeper: of an index whose mapping wants a time in another place.
ELASTIC_DEEPER = (
    ("document_parsing_exception", "[1:83] failed to parse: data stream timestamp field [@timestamp] "
                                   "is missing"),
    ("mapper_parsing_exception", "failed to parse"))
# And what it says of a document alone.
ELASTIC_OF_A_DOCUMENT = (
    ("mapper_parsing_exception", "failed to parse field [process.pid] of type [long]"),
    ("document_parsing_exception", "[1:24] failed to parse field [pipeline] of type [alias]"),
    ("strict_dynamic_mapping_exception", "mapping set to strict"),
    ("illegal_argument_exception", "Document contains at least one immense term in field=\"alias\""),
    ("max_bytes_length_exceeded_exception", "bytes can be at most 32766 in length"))


def elastic_faults_of_the_index():
    """No fault of any document: all are kept, the reason is told, and once it is mended they arrive."""
    for error in ELASTIC_OF_THE_SINK:
        with Elastic(plan=[{"error": error}] * 2) as r:
            whole(r, feed(ELASTIC, r))
        with Elastic(plan=[{"error": error}] * 50) as r:
            account = feed(ELASTIC, r, seconds=1)
            holds(account, [], left=N)
            check(f"{error}: {account.why}", error[0] in account.why and error[1][:20] in account.why)
        whole_request = {"error": {"type": error[0], "reason": error[1]}, "status": 400}
        with Elastic(plan=[(400, {}, json.dumps(whole_request).encode())] * 50) as r:
            account = feed(ELASTIC, r, seconds=1)
            holds(account, [], left=N)
            check(f"{error}: {account.why}", error[0] in account.why)


def elastic_faults_of_the_stream():
    for error in ELASTIC_DEEPER:
        cause = {"type": "illegal_argument_exception",
                 "reason": "data stream timestamp field [@timestamp] is missing"}
        with Elastic(plan=[{"error": error, "cause": cause}] * 2) as r:
            whole(r, feed(ELASTIC, r))


def elastic_says_too_much():
    """An answer that is too long for many events is one for fewer; alone it costs no event."""
    with Elastic(wordy=100_000) as r:
        whole(r, feed(ELASTIC, r))
        check(f"{len(r.times)} requests", len(r.times) > 2)
    with Elastic(plan=[(200, {}, b" " * (5 << 20))] * 50) as r:
        account = feed(ELASTIC, r, seconds=2)
        holds(account, [], left=N)
        check(account.why, "longer than 4 MiB" in account.why)


def elastic_paints_no_terminal():
    with Elastic(plan=[{"error": ("x_exception", "a\r\n\x1b[2Jlapwing: error: forged")}]) as r, \
            temporary() as folder:
        rig = Rig(folder, http_sinks.EVENTS, ELASTIC.url(r.port), config=PATIENT)
        rig.run(1)
        check(rig.said(), "x_exception: a   [2Jlapwing: error: forged" in rig.said())


def elastic_faults_of_a_document():
    for error in ELASTIC_OF_A_DOCUMENT:
        with Elastic(plan=[{"error": error}]) as r:
            holds(feed(ELASTIC, r), r.ids, refused=N)


def refused_events_are_told():
    """Not only in the ledger: somebody should look why."""
    with Elastic(poison=["e7", "e50"]) as r, temporary() as folder:
        rig = Rig(folder, http_sinks.EVENTS, ELASTIC.url(r.port), config=PATIENT)
        rig.run(1)
        said = rig.said()
        check(said, "refused 2 events for what is in them: the server said of a document: 400 mapper: "
              "bad field" in said)


def elastic_busy_items():
    with Elastic(plan=[{"busy": [0, 5]}]) as r:
        whole(r, feed(ELASTIC, r))
        check("not each once", len(r.ids) == len(set(r.ids)))


CASES = {c.__name__: http_sinks.prepare(c) for c in (
    splunk_never_indexed, splunk_never_told_and_then_taken,
    splunk_channel_expires_before_it_is_asked, splunk_channel_expires_between_events,
    splunk_takes_no_channel, splunk_forgets_what_was_before_a_bad_item, splunk_slow_index,
    elastic_denied_items, elastic_faults_of_the_index, elastic_faults_of_a_document,
    elastic_busy_items, elastic_faults_of_the_stream, elastic_says_too_much,
    elastic_paints_no_terminal,
    refused_events_are_told)}
