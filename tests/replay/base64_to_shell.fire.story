# SPDX-License-Identifier: Apache-2.0
exec pid=50 exe=/usr/sbin/nginx args="nginx: worker" uid=33
exec pid=61 parent=1 uid=1000 exe=/usr/bin/dash filename=/bin/sh args="sh|-c|echo aWQK \| base64 -d \| sh"
