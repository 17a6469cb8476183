# SPDX-License-Identifier: Apache-2.0
# data is kept there and a program elsewhere reads it
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
create pid=60 path=/dev/shm/data
exec pid=61 parent=60 uid=1000 exe=/usr/bin/cat args="cat|/dev/shm/data"
