/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"
#include "probe/deeds.h"

int cli_deed(const struct command *c, const char *name) {
	if (deed_known(name))
		return CLI_OK;
	return cli_misuse(c, "no hook tells \"%s\"; `lapwing preflight` lists deeds, as in file or "
			  "net.dns", name);
}
