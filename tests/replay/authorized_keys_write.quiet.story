# SPDX-License-Identifier: Apache-2.0
# the neighbour that ssh itself keeps
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/ssh args="ssh|example"
open pid=61 path=/home/alice/.ssh/known_hosts
unlink pid=61 path=/home/alice/.ssh/authorized_keys
