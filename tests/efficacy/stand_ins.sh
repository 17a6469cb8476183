#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# stand_ins.sh DIR - files that attack tests of Atomic Red Team expect below its folder of atomics.
#
# The tests' descriptions come without their sources and binaries; these are our own, and do the
# deed that the test is about, or nothing, where the test is about the command line.

set -eu
cd "$1"

for t in T1003.007/src T1027.002/bin/linux T1027.004/src T1040/src T1055.009/src T1055.009/bin \
	T1110.004/src T1222.002/src T1546.005/src T1548.001/src T1556.003/src T1574.006/src/Linux; do
	mkdir -p "$t"
done

cat >T1003.007/src/dump_heap.py <<'EOF'
import sys
with open(f"/proc/{sys.argv[1]}/maps") as maps, open(f"/proc/{sys.argv[1]}/mem", "rb", 0) as mem, \
        open(sys.argv[2], "wb") as out:
    for line in maps:
        if "[heap]" in line:
            first, last = (int(x, 16) for x in line.split()[0].split("-"))
            mem.seek(first)
            out.write(mem.read(last - first))
EOF

# "packed" programs: what they are packed with no hook sees
cp /usr/bin/true T1027.002/bin/linux/test_upx
cp /usr/bin/true T1027.002/bin/linux/test_upx_header_changed

cat >T1027.004/src/T1027-004-test.c <<'EOF'
#include <stdio.h>
int main(void) { return puts("compiled") < 0; }
EOF

cat >T1040/src/linux_pcapdemo.c <<'EOF'
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int packet = argc > 1 && !strcmp(argv[1], "-a");
	int s = packet ? socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) :
			 socket(AF_INET, SOCK_PACKET, htons(ETH_P_ALL));
	sleep(1);
	return s < 0;
}
EOF

# each overwrites an instruction of its own child, which waits, by way of /proc/PID/mem
cat >T1055.009/src/overwrite.c <<'EOF'
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
static void target(void) { for (;;) pause(); }
int main(void)
{
	char path[64];
	pid_t pid = fork();
	int fd;
	if (!pid)
		target();
	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	fd = open(path, O_RDWR);
	if (fd < 0 || pwrite(fd, "\xcc", 1, (off_t)target) != 1)
		perror(path);
	kill(pid, SIGKILL);
	return waitpid(pid, NULL, 0) < 0;
}
EOF
cat >T1055.009/src/Makefile <<'EOF'
NAMES := instruction_overwrite_jump got_injection rop_mprotect_return_address_overwrite \
         return_address_overwrite_fullROPchain
all: $(NAMES:%=../bin/%)
../bin/%: overwrite.c
	$(CC) -o $@ $<
EOF

printf 'nobody1:password1\nnobody2:password2\n' >T1110.004/src/credstuffuserpass.txt

cat >T1222.002/src/T1222.002.c <<'EOF'
#include <stdio.h>
#include <sys/stat.h>
int main(int argc, char **argv)
{
	char path[512];
	snprintf(path, sizeof(path), "%s%s", argc > 1 ? argv[1] : "", argc > 2 ? argv[2] : "");
	return chmod(path, 0777) != 0;
}
EOF
cat >T1222.002/src/chown.c <<'EOF'
#include <unistd.h>
int main(int argc, char **argv) { return argc < 2 || chown(argv[1], 0, 0) != 0; }
EOF

printf '#!/bin/sh\necho "a fish was here"\n' >T1546.005/src/echo-art-fish.sh

cat >T1548.001/src/hello.c <<'EOF'
#include <stdio.h>
#include <unistd.h>
int main(void) { return setuid(0) || puts("hello") < 0; }
EOF

cat >T1556.003/src/pam_evil.c <<'EOF'
#include <security/pam_modules.h>
int pam_sm_authenticate(pam_handle_t *h, int flags, int argc, const char **argv)
{
	(void)h, (void)flags, (void)argc, (void)argv;
	return PAM_SUCCESS;
}
EOF

cat >T1574.006/src/Linux/T1574.006.c <<'EOF'
#include <stdio.h>
__attribute__((constructor)) static void begin(void) { puts("loaded"); }
EOF
