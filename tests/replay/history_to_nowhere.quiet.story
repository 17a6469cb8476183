# SPDX-License-Identifier: Apache-2.0
# other links to /dev/null, and a history that is moved to another place
exec pid=70 exe=/usr/bin/systemctl args="systemctl|mask|x"
symlink pid=70 path=/etc/systemd/system/x.service target=/dev/null
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
symlink pid=60 path=/home/alice/.bash_history target=/home/alice/state/history
