# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 exe=/usr/bin/rm args="rm|/var/log/auth.log"
unlink pid=61 path=/var/log/auth.log
