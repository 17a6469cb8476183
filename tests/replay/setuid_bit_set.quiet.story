# SPDX-License-Identifier: Apache-2.0
# setgid on a folder, and a package manager
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 exe=/usr/bin/chmod args="chmod|2775|/srv/shared"
chmod pid=61 path=/srv/shared mode=0040755 new_mode=02775
exec pid=62 exe=/usr/bin/dpkg args="dpkg|--configure|-a"
chmod pid=62 path=/usr/bin/passwd.dpkg-new mode=0100755 new_mode=04755
