/* SPDX-License-Identifier: Apache-2.0 */
/*
 * manifest.h - struct manifest as the bytes of a protobuf Manifest; for this room only
 */
#ifndef LAPWING_CONTENT_MANIFEST_H
#define LAPWING_CONTENT_MANIFEST_H

#include "content/bundle.h"

/* manifest_parse - -EBADMSG: it is none, lacks what each must say, or is past a bound */
int manifest_parse(struct str bytes, struct manifest *ret);

/* manifest_pack - appends it; sticky errors of @out */
void manifest_pack(struct buf *out, const struct manifest *m);

#endif
