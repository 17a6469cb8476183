/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bundle.h - a bundle's content as rules that can be asked
 */
#ifndef LAPWING_APP_BUNDLE_H
#define LAPWING_APP_BUNDLE_H

#include "content/bundle.h"
#include "detect/detect.h"

/*
 * bundle_rules - compiles the rules of @b, with its lists and as its tuning says
 * @records: for stories, as in struct detect_options. A document with a fault refuses all: whoever
 * signs has tested. @errors: as ruleset_load(). -EINVAL; -EBADMSG: a blob is not what it says.
 */
int bundle_rules(const struct bundle *b, bool records, struct buf *errors, struct ruleset **ret);

#endif
