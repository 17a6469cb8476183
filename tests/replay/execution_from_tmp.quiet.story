# SPDX-License-Identifier: Apache-2.0
# a program elsewhere is told of a file in /tmp
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/less args="less|/tmp/notes" cwd=/tmp
