# SPDX-License-Identifier: Apache-2.0
# netcat without a shell behind it, a shell that is interactive only, and files named like calls
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/nc.openbsd filename=/usr/bin/nc args="nc|-z|-v|db.example|5432"
exec pid=62 parent=60 uid=1000 exe=/usr/bin/bash args="bash|-i"
exec pid=63 parent=60 uid=1000 exe=/usr/bin/ls args="ls|/dev/tcp"
exec pid=64 parent=60 uid=1000 exe=/bin/true args="/bin/true|connect.c|socket.c|subprocess.c"
exec pid=65 parent=60 uid=1000 exe=/usr/bin/python3.11 filename=/usr/bin/python3 args="python3|import.py|connect.c|socket.c|subprocess.c"
