# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=62 parent=60 exe=/usr/bin/install args="install|-m|4755|x|/opt/z"
create pid=62 path=/opt/z mode=0104755
