# SPDX-License-Identifier: Apache-2.0
# the web server starts something that is no shell, and a shell starts elsewhere
exec pid=50 exe=/usr/sbin/nginx args="nginx: worker" uid=33
exec pid=51 parent=50 uid=33 exe=/usr/bin/convert args="convert|a.png|b.png"
exec pid=52 parent=1 exe=/usr/bin/dash filename=/bin/sh args="sh|/etc/init.d/nginx|reload"
