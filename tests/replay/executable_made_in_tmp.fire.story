# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/chmod args="chmod|+x|/tmp/x"
chmod pid=61 path=/tmp/x mode=0100644 new_mode=0755
chmod pid=61 path=/tmp/y mode=0100644 new_mode=0757
chmod pid=61 path=/tmp/z mode=0100644 new_mode=0645
