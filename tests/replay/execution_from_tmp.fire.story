# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/dash filename=./run.sh interp=/bin/sh cwd=/tmp/d args="/bin/sh|./run.sh"
