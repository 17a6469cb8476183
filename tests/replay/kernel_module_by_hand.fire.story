# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 exe=/usr/bin/kmod filename=/sbin/insmod args="insmod|./rk.ko"
