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
 * @how: strict, and records for stories; strict is what gates are, for whoever signs has tested.
 * Otherwise a document or a line of tuning with a fault goes alone, as another version of the
 * sensor may have let it in. @errors: as ruleset_load(). -EINVAL; -EBADMSG: a blob is not what it
 * says.
 */
int bundle_rules(const struct bundle *b, const struct detect_options *how, struct buf *errors,
		 struct ruleset **ret);

#endif
