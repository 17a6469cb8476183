/* SPDX-License-Identifier: Apache-2.0 */
/* html.h - text of strangers in a page: nothing of it can be markup, or turn the reading round */
#ifndef LAPWING_HTML_H
#define LAPWING_HTML_H

#include "base/buf.h"
#include "base/str.h"

/* html_text - @x for an element or a quoted attribute; what cannot be seen is shown as \u{202E} */
void html_text(struct buf *out, struct str x);

/* html_cut - the same of at most @max characters, with … behind what goes on */
void html_cut(struct buf *out, struct str x, uint32_t max);

/* html_json - a line of JSON, with each member of an object on a line of its own */
void html_json(struct buf *out, struct str x);

#endif
