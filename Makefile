# SPDX-License-Identifier: Apache-2.0
#
# make              build build/lapwing
# make run          install what is missing, build, watch this machine   (DURATION=seconds)
# make test         install what is missing, build, run every test
# make check        the tests that need no root and no network
# make check-bpf    the BPF side's own tests (root)
# make check-live   deeds on this machine against the sensor's word (root)
# make check-vm     the same in a guest              (KERNEL=6.1|6.12|…, scripts/vmtest --list)
# make check-vm-all in every guest kernel that scripts/vmtest knows, and what takes minutes
# make check-arm64  built for arm64: the unit tests and deeds, in guests (root)
# make check-export-all each sink under a hundred kills and changed bytes, a real Kafka by mutual TLS
# make check-names who containers are: runtimes and kubelets that are fine, slow, gone or lie (root)
# make check-efficacy attacks and honest work in a guest, and what is detected of them (root)
# make check-loss   saturating loads for SECONDS=60 each, here and in guests: what is lost (root)
# make check-deploy the package and the service, the image and the containers beside it (root, guests)
# make bench        what the sensor, its spool and its rules cost
# make fuzz         each fuzz target for SECONDS=60
# make install      DESTDIR= PREFIX=/usr/local SYSCONFDIR=/etc UNITDIR=PREFIX/lib/systemd/system
# make deb          the Debian package, below build/deb
# make image        a container image, below build/image
# make sbom         what the program is made of, as SPDX: build/lapwing.spdx.json
# make deps         install what a build needs
# make clean
#
# SAN=1 builds with ASan and UBSan into build-san/; V=1 shows the commands.
# ARCH=arm64 builds for that into build-arm64/ (scripts/deps arm64; SYSROOT=DIR for other libraries).

VERSION  := 0.1.0
FAMILIES := process file net inject kernel
ROOMS    := base event probe decode enrich detect encode filter spool sink content health config guard who app \
            cli

SAN ?= 0
HERE := $(shell uname -m | sed 's/x86_64/x86/; s/aarch64/arm64/')
ifneq ($(origin ARCH),command line) # the environment's is another project's word
ARCH := $(HERE)
endif
B    := $(if $(filter-out $(HERE),$(ARCH)),build-$(ARCH),$(if $(filter 1,$(SAN)),build-san,build))
PREFIX ?= /usr/local
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

CC      ?= gcc
CLANG   ?= clang
BPFTOOL ?= $(firstword $(wildcard /usr/sbin/bpftool) bpftool)
ifneq ($(ARCH),$(HERE))
CROSS_COMPILE ?= $(if $(filter arm64,$(ARCH)),aarch64-linux-gnu-,$(error no cross compiler known for ARCH=$(ARCH)))
SYSROOT := $(or $(SYSROOT),$(shell scripts/sysroot $(ARCH)),$(error no libraries of $(ARCH)))
CC := $(filter ccache,$(CC)) $(CROSS_COMPILE)gcc --sysroot=$(SYSROOT)
endif

CFLAGS ?= -O2 -g
WARN   := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith \
          -Wwrite-strings -Wundef -Wvla
comma := ,
SANFLAGS := $(if $(filter 1,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
OURS := -std=gnu11 -D_GNU_SOURCE -DLAPWING_VERSION='"$(VERSION)"' -Iuserspace -Iproto -I$(B) -MMD -MP \
        $(WARN) $(SANFLAGS)
LIBS := -lbpf -lelf -lz -lprotobuf-c -lyaml -lpcre2-8 -ljson-c -lseccomp -lcap-ng -lzstd -lsodium \
        -lssl -lcrypto

# bpf_helpers.h wants the target's own headers nowhere: the BPF side sees vmlinux/, proto/, bpf/.
BPFFLAGS := -target bpf -mcpu=v3 -O2 -g -D__TARGET_ARCH_$(ARCH) -Ivmlinux -Iproto -Ibpf -Wall -Wextra -Werror \
            -Wno-unused-parameter -Wno-missing-declarations -ffile-prefix-map=$(CURDIR)=. -MMD -MP

.DELETE_ON_ERROR:
.SECONDARY:
.PHONY: all run test check check-bpf check-live check-vm check-vm-all check-efficacy check-loss \
        check-deploy bench fuzz install deb image sbom clean deps

all: $(B)/lapwing

# --- the program -----------------------------------------------------------------------------

PURE  := $(filter-out probe app cli,$(ROOMS))
SRC   := $(foreach r,$(ROOMS),$(sort $(wildcard userspace/$(r)/*.c)))
PROTO := event bundle cri
PB    := $(PROTO:%=$(B)/proto/%.pb-c.o)
OBJ   := $(SRC:%.c=$(B)/%.o) $(PB)
PURE_OBJ := $(filter $(foreach r,$(PURE),$(B)/userspace/$(r)/%),$(OBJ)) $(B)/userspace/probe/tape.o $(B)/userspace/probe/types.o \
            $(B)/userspace/app/format.o $(PB) \
            $(patsubst %,$(B)/userspace/app/%.o,rehearse rehearse_child golden bundle sandbox tally metrics journal environment filesum hasher)
SKEL  := $(FAMILIES:%=$(B)/bpf/%.skel.h)

$(B)/lapwing: $(OBJ)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS) $(SANFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS)

$(B)/%.o: %.c | $(PB:.o=.h)
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) $(CFLAGS) -c -o $@ $<

$(B)/userspace/probe/family.o: $(SKEL)

# generated code is not held to our warnings
$(PB): %.o: %.c
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) -I$(B) $(SANFLAGS) $(CFLAGS) -c -o $@ $<

$(B)/proto/%.pb-c.c $(B)/proto/%.pb-c.h: proto/%.proto
	$(call say,PROTO,$<)
	@mkdir -p $(@D)
	$(Q)protoc-c --c_out=$(B) $<

# --- the BPF side ----------------------------------------------------------------------------

$(B)/bpf/%.bpf.o: bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -c -o $@ $<
	$(Q)llvm-strip -g $@

$(B)/bpf/%.skel.h: $(B)/bpf/%.bpf.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name $*_bpf >$@

# --- tests -----------------------------------------------------------------------------------

UNIT := $(patsubst tests/unit/%.c,%,$(sort $(wildcard tests/unit/*_test.c)))

$(B)/tests/unit/%: tests/unit/%.c tests/test.h $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -Itests -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

include tests/tests.mk

# --- for those who use it --------------------------------------------------------------------

run:
	@scripts/deps build
	@$(MAKE) --no-print-directory all
	$(if $(filter 0,$(shell id -u)),,sudo )$(B)/lapwing run $(if $(DURATION),--duration $(DURATION))

SHARE := $(DESTDIR)$(PREFIX)/share
SYSCONFDIR ?= /etc
UNITDIR ?= $(PREFIX)/lib/systemd/system

# man pages and completions, from the program's own help
$(B)/manual/zsh: $(B)/lapwing scripts/gen-manual
	$(call say,MANUAL,$(@D))
	$(Q)scripts/gen-manual $(B)/lapwing $(@D)

# a configuration that is there already stays
install: all $(B)/manual/zsh
	install -D -m 755 $(B)/lapwing $(DESTDIR)$(PREFIX)/sbin/lapwing
	find rules -name '*.yml' ! -name '*.test.yml' -exec install -D -m 644 {} $(SHARE)/lapwing/{} \;
	find docs README.md -name '*.md' -exec install -D -m 644 {} $(SHARE)/doc/lapwing/{} \;
	install -d $(SHARE)/man/man8 $(DESTDIR)$(UNITDIR) $(DESTDIR)$(SYSCONFDIR)/lapwing
	install -d -m 750 $(DESTDIR)/var/log/lapwing
	install -m 644 $(B)/manual/man/*.8 $(SHARE)/man/man8/
	install -D -m 644 $(B)/manual/bash $(SHARE)/bash-completion/completions/lapwing
	install -D -m 644 $(B)/manual/zsh $(SHARE)/zsh/vendor-completions/_lapwing
	install -D -m 644 deploy/sysctl/60-lapwing-cost.conf $(SHARE)/lapwing/sysctl.d/60-lapwing-cost.conf
	sed 's#/usr/local/sbin#$(PREFIX)/sbin#' deploy/systemd/lapwing.service >$(DESTDIR)$(UNITDIR)/lapwing.service
	chmod 644 $(DESTDIR)$(UNITDIR)/lapwing.service
	test -e $(DESTDIR)$(SYSCONFDIR)/lapwing/lapwing.yaml || \
	  install -m 600 deploy/lapwing.yaml $(DESTDIR)$(SYSCONFDIR)/lapwing/lapwing.yaml

deb:
	@scripts/deps deploy
	@scripts/make-deb

image: all
	@scripts/deps image
	@scripts/make-image

sbom: all
	$(call say,SBOM,$(B)/lapwing.spdx.json)
	$(Q)scripts/sbom $(B)/lapwing >$(B)/lapwing.spdx.json

clean:
	$(Q)rm -rf build build-san build-arm64

-include $(OBJ:.o=.d) $(FAMILIES:%=$(B)/bpf/%.bpf.d) $(UNIT:%=$(B)/tests/unit/%.d)
