# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
# a script takes the name of a package manager, which only changes what the process is called
exec pid=61 parent=60 exe=/usr/bin/dash filename=/root/dpkg interp=/bin/sh args="/bin/sh|/root/dpkg"
create pid=61 path=/etc/cron.d/update mode=0100644
