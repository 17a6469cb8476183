#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# mix.sh - some of everything that a working machine does, for the bench of rules to be held against
set -e
d=$(mktemp -d)
trap 'cd /; rm -rf "$d"' EXIT
cd "$d"
printf '#include <stdio.h>\nint main(void) { return puts("x") < 0; }\n' >a.c
for i in 1 2 3 4 5 6 7 8; do
	cp a.c "f$i.c"
	gcc -O0 -o "f$i" "f$i.c"
	"./f$i" >/dev/null
done
for i in 1 2 3; do
	tar czf "t$i.tgz" ./*.c
	find /etc -name '*.conf' 2>/dev/null | head -200 | xargs grep -l root >/dev/null 2>&1 || :
done
for i in $(seq 200); do
	echo "$i" >"w$i"
	mv "w$i" "v$i"
	chmod 600 "v$i"
	rm "v$i"
done
for i in $(seq 150); do
	sh -c 'id -u; ls -la /; cat /etc/hostname | base64; uname -a; date +%s' >/dev/null
done
python3 - <<'END'
import socket
server = socket.socket()
server.bind(("127.0.0.1", 0))
server.listen(50)
for i in range(200):
    client = socket.create_connection(server.getsockname())
    peer, _ = server.accept()
    client.close()
    peer.close()
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(100):
    datagrams.sendto(b"x", ("127.0.0.1", 9))
for i in range(200):
    open(f"p{i}", "w", encoding="ascii").close()
END
dpkg-query -l >/dev/null
