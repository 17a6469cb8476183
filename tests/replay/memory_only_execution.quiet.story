# SPDX-License-Identifier: Apache-2.0
# a container runtime that runs a copy of itself
exec pid=80 exe=/usr/bin/containerd-shim-runc-v2 args=containerd-shim-runc-v2
exec pid=81 parent=80 exe=memfd:runc_cloned:/proc/self/exe filename=/proc/self/exe links=0 args="runc|init"
exec pid=82 parent=1 exe=/usr/bin/true links=1
