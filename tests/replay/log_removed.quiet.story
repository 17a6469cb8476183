# SPDX-License-Identifier: Apache-2.0
# an old log is rotated away, and the journal forgets
exec pid=70 exe=/usr/sbin/logrotate args="logrotate|/etc/logrotate.conf"
rename pid=70 path=/var/log/auth.log.1 from=/var/log/auth.log
unlink pid=70 path=/var/log/auth.log.5.gz
exec pid=71 exe=/usr/lib/systemd/systemd-journald args=systemd-journald
unlink pid=71 path=/var/log/journal/0123456789abcdef0123456789abcdef/system@1.journal
