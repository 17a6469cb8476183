# SPDX-License-Identifier: Apache-2.0
# a server listens; netcat only binds, as a client may
exec pid=70 exe=/usr/sbin/sshd args=sshd
bind pid=70 local=0.0.0.0:22
listen pid=70 local=0.0.0.0:22
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/nc.openbsd filename=/usr/bin/nc args="nc|db.example|5432"
bind pid=61 local=0.0.0.0:0
