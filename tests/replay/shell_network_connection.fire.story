# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
connect pid=60 remote=203.0.113.9:4444
connect pid=60 remote=203.0.113.9:4444 outcome=failed
