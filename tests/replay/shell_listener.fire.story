# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/nc.openbsd filename=/usr/bin/nc args="nc|-l|4444"
bind pid=61 local=0.0.0.0:4444
listen pid=61 local=0.0.0.0:4444
