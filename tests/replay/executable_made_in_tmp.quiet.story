# SPDX-License-Identifier: Apache-2.0
# a folder, a file whose type is not known, a file that stays data, and a linker at work
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
chmod pid=60 path=/tmp/d mode=0040700 new_mode=0755
chmod pid=60 path=/tmp/notes mode=0100600 new_mode=0644
chmod pid=60 path=/tmp/u mode=0 new_mode=0755
exec pid=62 parent=60 uid=1000 exe=/usr/bin/ld.bfd filename=/usr/bin/ld args="ld|-o|a.out"
chmod pid=62 path=/tmp/a.out mode=0100644 new_mode=0755
