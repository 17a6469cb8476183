/* SPDX-License-Identifier: Apache-2.0 */
/*
 * encode.h - an event as protobuf, JSON, a foreign schema's JSON or a line of text, and back
 *
 * All three are driven by event/field.def; field numbers and the names of enum
 * values come from event.proto, through its protobuf-c descriptors. Whatever
 * encode_proto() writes, encode_unpack() reads back to the same event, so that
 * `cat --json` of a file gives the very lines that `-o json:` would have given.
 */
#ifndef LAPWING_ENCODE_H
#define LAPWING_ENCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "event/event.h"

/* encode_setup - binds field.def to event.proto; once, before all else; -EPROTO if they differ */
int encode_setup(void);

/*
 * encode_proto - appends the event's length as a varint, then lapwing.v1.Event
 * What it wrote under a key of event.h is kept and copied; the bytes are the same either way.
 * Not for two threads at once.
 */
void encode_proto(struct buf *out, const struct event *e);

/*
 * encode_twin - the same of an event of which only event.twin_key and FIELD_OWN are looked at
 * False: none of its twins was kept, or what is its own takes more bytes; nothing is appended.
 */
bool encode_twin(struct buf *out, const struct event *e);

/* encode_json - appends one JSON object and a newline; names are those of event.proto */
void encode_json(struct buf *out, const struct event *e);

/* encode_json_text - appends @x as a JSON string, quotes included; always valid UTF-8 */
void encode_json_text(struct buf *out, struct str x);

/*
 * encode_ocsf - appends the event as OCSF 1.5.0: a line for the activity, and one Detection Finding
 * more for each detection; encode_ecs - the same as ECS 9.0.0, alerts for findings
 * Documents carry the event's id, those of detections with "-1", "-2", ... behind it.
 */
void encode_ocsf(struct buf *out, const struct event *e);
void encode_ecs(struct buf *out, const struct event *e);

/*
 * encode_otlp - appends the event as OpenTelemetry LogRecords, as the inside of a ScopeLogs
 * With a line of text as the body and every field as an attribute; encode_otlp_ocsf() with an OCSF
 * document as the body and the event's id as the one attribute. Records are as many as documents.
 */
void encode_otlp(struct buf *out, const struct event *e);
void encode_otlp_ocsf(struct buf *out, const struct event *e);

/*
 * encode_cef, encode_leef - appends a line of CEF 0 or LEEF 1.0 for each detection; for the event
 * when it has none
 */
void encode_cef(struct buf *out, const struct event *e);
void encode_leef(struct buf *out, const struct event *e);

/*
 * encode_text - appends one readable line, and one more for each detection
 * @color: paint with ANSI escapes; bytes of the event itself can never form one
 */
void encode_text(struct buf *out, const struct event *e, bool color);

/*
 * encode_unpack - the event in the @n bytes of one lapwing.v1.Event, without its length
 * Everything in @ret is borrowed from @arena. Fields that event.proto does not have are passed
 * over. 0, -EBADMSG (text that is not UTF-8 included) or -ENOMEM; then @ret is untouched.
 */
int encode_unpack(const void *bytes, size_t n, struct arena *arena, struct event *ret);

/* encode_parse - likewise of the @n bytes of a line that encode_json() wrote */
int encode_parse(const char *json, size_t n, struct arena *arena, struct event *ret);

#endif
