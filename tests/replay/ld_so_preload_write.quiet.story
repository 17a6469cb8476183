# SPDX-License-Identifier: Apache-2.0
# the cache beside it, which ldconfig renews
exec pid=70 exe=/usr/sbin/ldconfig args=ldconfig
create pid=70 path=/etc/ld.so.cache~
rename pid=70 path=/etc/ld.so.cache from=/etc/ld.so.cache~
unlink pid=70 path=/etc/ld.so.preload
