# SPDX-License-Identifier: Apache-2.0
exec pid=50 exe=/usr/sbin/nginx args="nginx: worker" uid=33
exec pid=51 parent=50 uid=33 exe=/usr/bin/dash filename=/bin/sh args="sh|-c|id" cwd=/var/www/html
