# SPDX-License-Identifier: Apache-2.0
# also: execution_from_hidden_folder
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/dev/shm/.x/a filename=./a cwd=/dev/shm/.x args=./a
