# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
open pid=60 path=/etc/shadow mode=0100640
