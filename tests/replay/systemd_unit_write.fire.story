# SPDX-License-Identifier: Apache-2.0
exec pid=60 exe=/usr/bin/bash args=-bash tty=pts/0
create pid=60 path=/etc/systemd/system/updater.service
create pid=60 path=/etc/systemd/system/ssh.service.d/override.conf
