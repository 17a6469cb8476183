# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 exe=/usr/bin/chmod args="chmod|u+s|/opt/x"
chmod pid=61 path=/opt/x mode=0100755 new_mode=04755
chmod pid=61 path=/opt/y mode=0100755 new_mode=02755
