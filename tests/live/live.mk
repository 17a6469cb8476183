# SPDX-License-Identifier: Apache-2.0
#
# live.mk - the actors; tests/tests.mk includes it, tests/live/run plays them. They are the same
# with SAN=1: a sanitizer would add threads, files and descriptors of its own to their deeds.

LIVE_LIB    := truth self file net
LIVE_ACTORS := $(filter-out $(LIVE_LIB) tiny,$(patsubst tests/live/actors/%.c,%,$(sort $(wildcard tests/live/actors/*.c))))
LIVE_OBJ    := $(LIVE_LIB:%=$(B)/tests/live/lib/%.o)
LIVE_FLAGS  := -std=gnu11 -D_GNU_SOURCE -MMD -MP $(WARN)
LIVE_BIN    := $(LIVE_ACTORS:%=$(B)/tests/live/%) $(B)/tests/live/tiny

$(B)/tests/live/lib/%.o: tests/live/actors/%.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(LIVE_FLAGS) $(CFLAGS) -c -o $@ $<

# many thousands of these are started in a row
$(B)/tests/live/tiny: tests/live/actors/tiny.c
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARN) -Os -static -nostartfiles -o $@ $<

$(B)/tests/live/%: tests/live/actors/%.c $(LIVE_OBJ)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(LIVE_FLAGS) -MF $@.d $(CFLAGS) $(LDFLAGS) -o $@ $< $(LIVE_OBJ) -lpthread

.PHONY: live-actors
live-actors: $(LIVE_BIN)

-include $(LIVE_OBJ:.o=.d) $(LIVE_ACTORS:%=$(B)/tests/live/%.d)
