# SPDX-License-Identifier: Apache-2.0
#
# tests.mk - what is built to be tested, and which rungs of scripts/ladder each target climbs

KERNEL  ?= 6.12
SECONDS ?= 60

export SAN

build-unit: $(UNIT:%=$(B)/tests/unit/%)

# the stories' compiler; tests/replay/run.sh plays what it makes
$(B)/tests/replay/story: tests/replay/story.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

# events of every kind, for tests/replay/schemas
$(B)/tests/replay/kinds: tests/replay/kinds.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

build-replay: all $(B)/tests/replay/story $(B)/tests/replay/kinds

# events with ids of their own, for receivers that know each
$(B)/tests/export/%: tests/export/%.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

$(B)/tests/export/mockafka: tests/export/mockafka.c
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< -lrdkafka

build-export: build-replay $(B)/tests/export/many $(B)/tests/export/mockafka

# the host's own decisions, for 100,000 machines
$(B)/tests/content/fleet: tests/content/fleet.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS) -lm

# what stops a sensor at a step of an update, for tests/content/steps
$(B)/tests/content/steps.so: tests/content/steps.c
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -shared -fPIC -o $@ $<

# what lets one call of an update fail, for tests/content/faults
$(B)/tests/content/faults.so: tests/content/faults.c
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -shared -fPIC -o $@ $<

# tests/content/beside starts a load and a small program
build-content: all $(B)/tests/content/fleet $(B)/tests/content/steps.so $(B)/tests/content/faults.so \
               $(B)/tests/bench/load $(B)/tests/live/tiny

# programs that run helpers of bpf/ in the kernel
$(B)/tests/bpf/%.bpf.o: tests/bpf/%.bpf.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPFFLAGS) -MF $@.d -c -o $@ $<
	$(Q)llvm-strip -g $@

$(B)/tests/bpf/%_test: tests/bpf/%_test.c $(B)/tests/bpf/%.bpf.o
	$(call say,TEST,$@)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -Itests -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIBS)

BPF_TESTS := $(patsubst tests/bpf/%_test.c,%,$(sort $(wildcard tests/bpf/*_test.c)))
build-bpf: all $(BPF_TESTS:%=$(B)/tests/bpf/%_test)

include tests/live/live.mk

# --- fuzz: the pure rooms once more, by clang, with coverage and sanitizers ------------------

FUZZ := $(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c)))
FUZZ_FLAGS := -O1 -g -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJ := $(PURE_OBJ:$(B)/%=$(B)/fuzz/%)

$(B)/fuzz/%.o: %.c | $(PB:.o=.h)
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(OURS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

$(PB:$(B)/%=$(B)/fuzz/%): $(B)/fuzz/%.o: $(B)/%.c
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -I$(B) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -c -o $@ $<

# an archive, so that a target may include the .c that it wants to reach into
$(B)/fuzz/pure.a: $(FUZZ_OBJ)
	$(Q)rm -f $@ && ar rc $@ $^

$(B)/tests/fuzz/%: tests/fuzz/%.c $(B)/fuzz/pure.a
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(OURS) -MF $@.d $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -Itests -o $@ $(filter %.c %.a,$^) \
	  $(LIBS)

build-fuzz: $(FUZZ:%=$(B)/tests/fuzz/%)

# --- the load generator of scripts/bench: static, so that an exec is only an exec ------------

$(B)/tests/bench/load: tests/bench/load.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -O2 $(WARN) -static -o $@ $<

$(B)/tests/bench/dynamic: tests/bench/dynamic.c
	$(call say,CC,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -O2 $(WARN) -fPIE -pie -nostdlib -Wl,--dynamic-linker=./ld.so -o $@ $<

$(B)/tests/bench/rules: tests/bench/rules.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

# our search for texts against other libraries, which nothing else needs; scripts/bench-automata
$(B)/tests/bench/automata: tests/bench/automata.c tests/bench/automata_re2.cc $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CXX) -O2 -Wall -Wextra -Werror -c -o $@-re2.o tests/bench/automata_re2.cc
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -I/usr/include/hs -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $@-re2.o \
	  $(PURE_OBJ) $(LIBS) -lhs -lre2 -lstdc++

# the spool against write(2); scripts/bench-spool runs it
$(B)/tests/bench/spool: tests/bench/spool.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

$(B)/tests/bench/encode: tests/bench/encode.c $(PURE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(OURS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(PURE_OBJ) $(LIBS)

build-bench: all $(B)/tests/bench/spool $(B)/tests/bench/encode $(B)/tests/replay/story $(B)/tests/bench/rules $(B)/tests/bench/load $(B)/tests/bench/dynamic $(B)/tests/live/tiny

# --- what people type ------------------------------------------------------------------------

deps:
	@scripts/deps build

test:
	@scripts/deps test
	@$(MAKE) --no-print-directory -j$$(nproc) all
	@scripts/ladder

check:
	@scripts/ladder --pure

check-bpf:
	@scripts/ladder bpf

check-live:
	@scripts/ladder live

check-vm:
	@$(if $(filter %-arm64,$(KERNEL)),scripts/deps arm64)
	@scripts/ladder guest-$(KERNEL)

check-vm-all:
	@scripts/deps arm64
	@scripts/ladder $$(scripts/vmtest --list | awk "{ print \"guest-\" \$$1 }") arm64 slow

# built for arm64: the unit tests and deeds, in guests
check-arm64:
	@scripts/deps arm64
	@scripts/ladder arm64 guest-6.1-arm64 guest-6.12-arm64

# every sink, sensor and couriers killed a hundred times, a hundred bytes changed, and a real broker
# of Kafka in full, which takes a Java and Maven: minutes
check-export-all: build-export
	@LAPWING_KILLS=100 LAPWING_FLIPS=100 tests/export/run spool killed changed
	@LAPWING_KILLS=100 LAPWING_FLIPS=100 tests/export/run sinks at_random_moments at_a_random_byte
	@tests/export/run broker

# who containers are: fake runtimes and kubelets that are fine, slow, gone or lie
check-names: all
	@tests/live/who

check-efficacy:
	@scripts/ladder efficacy

check-loss:
	@LOSS_SECONDS=$(SECONDS) scripts/ladder loss

check-deploy:
	@scripts/deps deploy
	@scripts/ladder deploy

fuzz:
	@FUZZ_SECONDS=$(SECONDS) scripts/ladder fuzz

bench: build-bench
	@status=0; for part in bench bench-spool bench-rules bench-automata; do scripts/$$part || status=$$?; done; \
	  exit $$status

.PHONY: check-arm64 check-export-all check-names build-content build-unit build-replay build-export build-bpf build-fuzz build-bench

-include $(B)/tests/replay/story.d $(BPF_TESTS:%=$(B)/tests/bpf/%_test.d) $(BPF_TESTS:%=$(B)/tests/bpf/%.bpf.o.d) $(FUZZ_OBJ:.o=.d) $(FUZZ:%=$(B)/tests/fuzz/%.d)
