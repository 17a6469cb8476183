# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/tee args="tee|-a|.ssh/authorized_keys"
open pid=61 path=/home/alice/.ssh/authorized_keys
