# SPDX-License-Identifier: Apache-2.0
# netcat without a shell behind it, and a shell that is interactive only
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/nc.openbsd filename=/usr/bin/nc args="nc|-z|-v|db.example|5432"
exec pid=62 parent=60 uid=1000 exe=/usr/bin/bash args="bash|-i"
exec pid=63 parent=60 uid=1000 exe=/usr/bin/ls args="ls|/dev/tcp"
