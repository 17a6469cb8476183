# SPDX-License-Identifier: Apache-2.0
# a package brings its own table; anacron writes down when it ran
exec pid=70 exe=/usr/bin/dpkg args="dpkg|--unpack|x.deb"
create pid=70 path=/etc/cron.d/e2scrub_all.dpkg-new
rename pid=70 path=/etc/cron.d/e2scrub_all from=/etc/cron.d/e2scrub_all.dpkg-new
exec pid=71 exe=/usr/sbin/anacron args="anacron|-d"
open pid=71 path=/var/spool/cron/anacron/cron.daily
