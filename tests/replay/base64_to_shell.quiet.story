# SPDX-License-Identifier: Apache-2.0
# base64 is decoded into a file, and encoded for a pipe
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/dash filename=/bin/sh args="sh|-c|base64 -d cert.b64 > cert.der"
exec pid=62 parent=60 uid=1000 exe=/usr/bin/dash filename=/bin/sh args="sh|-c|base64 x \| tr -d a"
