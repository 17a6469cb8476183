# SPDX-License-Identifier: Apache-2.0
# passwd does its work; something else touches a name that is only alike
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 euid=0 exe=/usr/bin/passwd args=passwd
create pid=61 path=/etc/nshadow
rename pid=61 path=/etc/shadow from=/etc/nshadow
exec pid=62 parent=1 exe=/usr/bin/cp args="cp|/etc/shadow|/var/backups/shadow.bak"
create pid=62 path=/var/backups/shadow.bak
