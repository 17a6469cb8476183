# SPDX-License-Identifier: Apache-2.0
# enabling a unit makes a link; a package brings a unit; the journal is configured
exec pid=70 exe=/usr/bin/systemctl args="systemctl|enable|nginx"
symlink pid=70 path=/etc/systemd/system/multi-user.target.wants/nginx.service target=/lib/systemd/system/nginx.service
exec pid=71 exe=/usr/bin/dpkg args="dpkg|--unpack|x.deb"
create pid=71 path=/usr/lib/systemd/system/x.service.dpkg-new
rename pid=71 path=/usr/lib/systemd/system/x.service from=/usr/lib/systemd/system/x.service.dpkg-new
create pid=60 path=/etc/systemd/system/README
create pid=60 path=/etc/systemd/journald.conf.d/size.conf
