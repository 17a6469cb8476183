# SPDX-License-Identifier: Apache-2.0
# a shell to itself, and a program that the shell started
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
connect pid=60 remote=127.0.0.1:8080
connect pid=60 remote=[::1]:8080
exec pid=61 parent=60 uid=1000 exe=/usr/bin/curl args="curl|https://example"
connect pid=61 remote=203.0.113.9:443
