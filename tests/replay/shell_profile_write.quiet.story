# SPDX-License-Identifier: Apache-2.0
# a new user gets the usual files; a shell writes its history
exec pid=70 exe=/usr/sbin/useradd args="useradd|-m|bob"
create pid=70 path=/home/bob/.bashrc
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
open pid=60 path=/home/alice/.bash_history
