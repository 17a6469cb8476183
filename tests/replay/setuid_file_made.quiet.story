# SPDX-License-Identifier: Apache-2.0
# a plain new file, and a package manager's
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
create pid=60 path=/srv/shared/x mode=0100755
exec pid=62 exe=/usr/bin/dpkg args="dpkg|--configure|-a"
create pid=62 path=/usr/bin/passwd.dpkg-new mode=0104755
