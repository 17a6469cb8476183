# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/ln args="ln|-sf|/dev/null|.bash_history"
symlink pid=61 path=/home/alice/.bash_history target=/dev/null
