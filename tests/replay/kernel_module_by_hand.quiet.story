# SPDX-License-Identifier: Apache-2.0
# a service loads a module, and somebody asks what a module would need
exec pid=70 exe=/usr/bin/kmod filename=/sbin/modprobe args="modprobe|-q|--|net-pf-10"
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 exe=/usr/bin/kmod filename=/sbin/modprobe args="modprobe|--show-depends|xfs" tty=pts/0
exec pid=62 parent=60 exe=/usr/bin/kmod filename=/sbin/lsmod args=lsmod tty=pts/0
