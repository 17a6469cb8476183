# SPDX-License-Identifier: Apache-2.0
# also: execution_through_a_descriptor kernel_thread_name
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=memfd:x filename=/proc/self/fd/3 links=0 args=[kworker/0:1]
