# SPDX-License-Identifier: MIT
#
#	make			the library and the programs, into build/
#	make check		all tests; needs libcheck and mandoc (README)
#	make bench		spawnbench as built, under 2 minutes; BENCH="--quick --pin" for other options
#	make bench-peers	the same with other libraries' and languages' launchers beside ours
#	make install		prefix=/usr/local, DESTDIR= and the GNU directory variables
#	make uninstall clean dist
#
#	BUILD=DIR		build there
#	SAN=address,undefined	with sanitizers; SAN=thread
#	COV=1			with coverage counters
#	V=1			show the commands
#	STATIC=musl		safespawn static, against musl: it starts much faster
#
# Several variants live beside each other: make BUILD=build/asan SAN=address check

VERSION := $(shell sed -n 's/^\#define SPU_VERSION "\(.*\)"/\1/p' src/spawnutil.h)
SONAME := libspawnutil.so.0

prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
libdir = $(exec_prefix)/lib
libexecdir = $(exec_prefix)/libexec
includedir = $(prefix)/include
datarootdir = $(prefix)/share
mandir = $(datarootdir)/man
pkgconfigdir = $(libdir)/pkgconfig

CC = gcc
AR = ar
INSTALL = install
CFLAGS = -O2 -g
CPPFLAGS =
LDFLAGS =
BUILD = build

WARNINGS = -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wvla
SAN_FLAGS = $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
COV_FLAGS = $(if $(COV),--coverage)
EXTRA_FLAGS = $(SAN_FLAGS) $(COV_FLAGS)

# -fexceptions: cleanup handlers run when a thread is cancelled
BASE_FLAGS = -std=gnu11 -D_GNU_SOURCE -Isrc $(WARNINGS) -pthread -fexceptions -MMD -MP
COMPILE = $(CC) $(CPPFLAGS) $(BASE_FLAGS) $(CFLAGS) $(EXTRA_FLAGS)
# In C, cleanup handlers don't need it, and libgcc_s, which it needs, is 0.2 ms of a program's start
PIC_FLAGS = -fPIC $(if $(SAN),,-fno-exceptions)
LINK = $(CC) $(CFLAGS) $(EXTRA_FLAGS) $(LDFLAGS) -pthread

# The child runs where no other code may: what would put a call into it is taken
# out of CFLAGS, because a negation behind it doesn't undo all of it.
CHILD_UNWANTED = -pg -p --coverage -coverage -flto% -fsanitize% -fstack-protector% -fprofile% \
	-ftest-coverage -finstrument-functions% -fstack-check% -fsplit-stack -fcf-protection=% \
	-mfentry -mrecord-mcount -fpatchable-function-entry% -fexceptions
CHILD_FLAGS = $(filter-out $(CHILD_UNWANTED),$(CPPFLAGS) $(BASE_FLAGS) $(CFLAGS)) \
	-ffreestanding -fno-builtin -fno-stack-protector -fno-lto -U_FORTIFY_SOURCE
ifeq ($(shell uname -m),aarch64)
CHILD_FLAGS += -mno-outline-atomics
endif

Q = $(if $(V),,@)
silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V)$(silent),,@echo "  $(1)	$(patsubst $(BUILD)/%,%,$@)")

LIB_SOURCES = audit capture child descriptors environment error exec explain ids launch moves options path \
	plan popen posix_spawn prepare probe run sockets state system version wait
COMMON_SOURCES = arguments beside json message parse
SAFESPAWN_SOURCES = $(basename $(notdir $(wildcard src/safespawn/*.c)))
SPAWNBENCH_SOURCES = $(filter-out child_exit,$(basename $(notdir $(wildcard src/spawnbench/*.c))))
SPAWNAUDIT_SOURCES = $(basename $(notdir $(wildcard src/spawnaudit/*.c)))

LIB_OBJECTS = $(LIB_SOURCES:%=$(BUILD)/obj/lib/%.o)
PIC_OBJECTS = $(LIB_SOURCES:%=$(BUILD)/obj/lib/%.pic.o)
COMMON_OBJECTS = $(COMMON_SOURCES:%=$(BUILD)/obj/common/%.o)
SAFESPAWN_OBJECTS = $(SAFESPAWN_SOURCES:%=$(BUILD)/obj/safespawn/%.o) $(COMMON_OBJECTS)
SPAWNBENCH_OBJECTS = $(SPAWNBENCH_SOURCES:%=$(BUILD)/obj/spawnbench/%.o) $(COMMON_OBJECTS)
# Not common/json: jansson's functions have the same names
SPAWNAUDIT_OBJECTS = $(SPAWNAUDIT_SOURCES:%=$(BUILD)/obj/spawnaudit/%.o) \
	$(filter-out %/json.o,$(COMMON_OBJECTS))

LIBRARIES = $(BUILD)/libspawnutil.a $(BUILD)/libspawnutil.so $(BUILD)/libspawnutil-preload.so \
	$(BUILD)/spawnutil.pc
# AUDIT_LIBS is empty where spawnaudit can't be built
PROGRAMS = $(BUILD)/safespawn $(BUILD)/spawnbench $(if $(AUDIT_LIBS),$(BUILD)/spawnaudit)

# spawnaudit alone needs libdw and jansson. A file that isn't there is made before all
# else; it isn't made while they are missing, so that it is tried again.
ifneq ($(filter all check check-programs install $(BUILD)/spawnaudit,$(or $(MAKECMDGOALS),all)),)
-include $(BUILD)/audit.mk
endif

all: $(LIBRARIES) $(PROGRAMS) $(BUILD)/spawnbench-child

.PHONY: always all bench bench-peers check check-programs lint install uninstall clean dist
.DELETE_ON_ERROR:

#
# The library
#

$(BUILD)/obj/lib/child.o: src/lib/child.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CHILD_FLAGS) -c -o $@ $<

$(BUILD)/obj/lib/child.pic.o: src/lib/child.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CHILD_FLAGS) -fPIC -c -o $@ $<

$(BUILD)/obj/lib/%.pic.o: src/lib/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(PIC_FLAGS) -c -o $@ $<

$(BUILD)/obj/%.o: src/%.c
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(DEFINES) -c -o $@ $<

$(BUILD)/libspawnutil.a: $(LIB_OBJECTS)
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/libspawnutil.so: $(PIC_OBJECTS) src/lib/libspawnutil.map
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,-z,now $(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script,src/lib/libspawnutil.map -o $@ $(PIC_OBJECTS)
	@ln -sf $(@F) $(BUILD)/$(SONAME)

# The library once more, with libc's names in place of its own; glibc before 2.34 has dlsym in libdl
$(BUILD)/libspawnutil-preload.so: $(BUILD)/obj/lib/preload.pic.o $(PIC_OBJECTS) src/lib/preload.map
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-z,now $(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script,src/lib/preload.map -o $@ $(filter %.o,$^) -ldl

# Changes when make is called with other directories: what they are baked into is made again
$(BUILD)/directories: always
	@mkdir -p $(@D)
	@echo '$(prefix) $(exec_prefix) $(libdir) $(includedir) $(libexecdir)' | cmp -s - $@ || \
		echo '$(prefix) $(exec_prefix) $(libdir) $(includedir) $(libexecdir)' >$@

$(BUILD)/spawnutil.pc: src/lib/spawnutil.pc.in src/spawnutil.h $(BUILD)/directories
	$(call say,GEN)
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(prefix)|' -e 's|@exec_prefix@|$(exec_prefix)|' \
		-e 's|@libdir@|$(libdir)|' -e 's|@includedir@|$(includedir)|' \
		-e 's|@version@|$(VERSION)|' $< >$@

#
# The programs
#

# argp is part of glibc and a library of its own elsewhere
$(BUILD)/argp.flags:
	@mkdir -p $(@D)
	@echo '#include <argp.h>' >$(BUILD)/argp.c
	@echo 'int main(int c, char **v) { return argp_parse(0, c, v, 0, 0, 0); }' >>$(BUILD)/argp.c
	@if $(CC) $(CPPFLAGS) -o $(BUILD)/argp $(BUILD)/argp.c $(LDFLAGS) 2>/dev/null; then \
		: >$@; \
	elif $(CC) $(CPPFLAGS) -o $(BUILD)/argp $(BUILD)/argp.c $(LDFLAGS) -largp 2>/dev/null; then \
		echo -largp >$@; \
	else \
		echo "make: the programs need argp: part of glibc, elsewhere argp-standalone" >&2; \
		exit 1; \
	fi
	@rm -f $(BUILD)/argp $(BUILD)/argp.c

$(BUILD)/audit.mk:
	@mkdir -p $(@D)
	@echo '#include <elfutils/libdwfl.h>' >$(BUILD)/audit.c
	@echo '#include <jansson.h>' >>$(BUILD)/audit.c
	@echo 'int main(void) { return !dwfl_errmsg(1) + !json_null(); }' >>$(BUILD)/audit.c
	@if $(CC) $(CPPFLAGS) -o $(BUILD)/audit $(BUILD)/audit.c $(LDFLAGS) -ldw -lelf -ljansson \
		2>/dev/null; then \
		echo 'AUDIT_LIBS = -ldw -lelf -ljansson' >$@; \
	else \
		echo "make: spawnaudit is left out: it needs libdw and jansson" \
			"(Debian: libdw-dev libjansson-dev)" >&2; \
	fi
	@rm -f $(BUILD)/audit $(BUILD)/audit.c

ifneq ($(STATIC),musl)
$(BUILD)/safespawn: $(SAFESPAWN_OBJECTS) $(BUILD)/libspawnutil.a | $(BUILD)/argp.flags
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $$(cat $(BUILD)/argp.flags)
else
# The same objects once more, below $(BUILD)/musl. musl has no argp: argp-standalone
# where it is installed, else gnulib's module, built here (LGPL, as argp is everywhere).
MUSL = $(BUILD)/musl
MUSL_ARGP = $(BUILD)/musl-argp
MUSL_CC = musl-gcc
# Fewer pages to map and touch: that is what starting costs. What isn't position
# independent has its tables of pointers among the constants.
MUSL_CFLAGS = -O2 -fno-pie -fno-exceptions -fno-asynchronous-unwind-tables \
	-ffunction-sections -fdata-sections
MUSL_LINK = -Wl,--gc-sections,-z,norelro,-z,noseparate-code -s

$(BUILD)/safespawn: $(MUSL_ARGP)/libargp.a always
	@$(MAKE) --no-print-directory STATIC= BUILD=$(MUSL) CC='$(MUSL_CC)' \
		CFLAGS='$(MUSL_CFLAGS)' \
		CPPFLAGS='$(CPPFLAGS) -isystem $(MUSL_ARGP)' \
		LDFLAGS='$(LDFLAGS) -static -L$(MUSL_ARGP) $(MUSL_LINK)' \
		COMMON_SOURCES='$(COMMON_SOURCES) static_malloc' $(MUSL)/safespawn
	@cmp -s $(MUSL)/safespawn $@ || cp $(MUSL)/safespawn $@

$(MUSL_ARGP)/libargp.a:
	@mkdir -p $(@D)
	$(Q)CC='$(MUSL_CC)' CFLAGS='$(MUSL_CFLAGS)' sh src/common/static_argp.sh $(@D)
endif

$(BUILD)/obj/safespawn/preload.o: $(BUILD)/directories
$(BUILD)/obj/safespawn/preload.o: DEFINES = -DPRELOAD_LIBRARY='"$(libdir)/libspawnutil-preload.so"'

$(BUILD)/spawnbench: $(SPAWNBENCH_OBJECTS) $(BUILD)/libspawnutil.a | $(BUILD)/argp.flags
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $$(cat $(BUILD)/argp.flags)

$(BUILD)/spawnaudit: $(SPAWNAUDIT_OBJECTS) $(BUILD)/libspawnutil.a | $(BUILD)/argp.flags
	$(call say,LINK)
	$(Q)$(LINK) -o $@ $^ $$(cat $(BUILD)/argp.flags) $(AUDIT_LIBS)

$(BUILD)/obj/spawnbench/target.o: $(BUILD)/directories
$(BUILD)/obj/spawnbench/target.o: DEFINES = -DSPAWNBENCH_CHILD='"$(libexecdir)/spawnutil/spawnbench-child"'

# Not a line of libc in it: what is measured is the launch, not the child's start
$(BUILD)/spawnbench-child: src/spawnbench/child_exit.c
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -Os -nostdlib -static -ffreestanding \
		-fno-stack-protector -fno-pie -Wl,--build-id=none -o $@ $<

#
# Tests
#

# Debian's libcheck is built with subunit; pkg-config knows better where it is installed
CHECK_LIBS = $(shell pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lrt -lm)
SUITES = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/check_*.c)) \
	$(BUILD)/tests/check_conformance_libc
HELPERS = $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/helpers/*.c))

# Those of its rooms that suites in C test
PURE_SPAWNBENCH = axes doubts statistics

check-programs: all $(SUITES) $(HELPERS)

check: check-programs
	@CC='$(CC)' MAKE='$(MAKE)' SAN='$(SAN)' COV='$(COV)' sh tests/run.sh '$(abspath $(BUILD))' $(TESTS)

$(BUILD)/tests/check_%: tests/check_%.c $(BUILD)/libspawnutil.a $(filter-out %/arguments.o,$(COMMON_OBJECTS)) \
		$(PURE_SPAWNBENCH:%=$(BUILD)/obj/spawnbench/%.o)
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MF $@.d $(LDFLAGS) -o $@ $(filter %.c %.o %.a,$^) $(CHECK_LIBS)

# The same once more, about libc's own functions
$(BUILD)/tests/check_conformance_libc: tests/check_conformance.c
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DOF_LIBC -MF $@.d $(LDFLAGS) -o $@ $<

$(BUILD)/tests/helpers/%: tests/helpers/%.c $(BUILD)/libspawnutil.a
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -MF $@.d $(LDFLAGS) -o $@ $(filter %.c %.o %.a,$^)

bench: all
	$(BUILD)/spawnbench $(BENCH)

bench-peers: all
	@CC='$(CC)' sh tests/peers/run.sh '$(abspath $(BUILD))' $(BENCH)

#
# Analysis. What is switched off, and why:
#   variableScope        declarations stand at the top of a block here
#   constParameter       argv has the type that execve(2) gives it
#   unusedStructMember   the kernel's structures, and reserved words
#

lint:
	cppcheck -q --std=c11 --enable=warning,style,performance,portability --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=variableScope \
		--suppress=constParameter --suppress=unusedStructMember \
		-Isrc src/lib src/common src/safespawn src/spawnbench src/spawnaudit
	clang-tidy --quiet $(wildcard src/*/*.c) -- -std=gnu11 -D_GNU_SOURCE -Isrc \
		-DSPAWNBENCH_CHILD='""' -DPRELOAD_LIBRARY='""'

#
# Installing
#

MAN_PAGES = $(wildcard man/*.[137])
page_path = $(mandir)/man$(subst .,,$(suffix $(1)))/$(notdir $(1))
# A page's other names, each a file that includes the page: PAGE:NAME
MAN_LINKS = $(foreach page,$(MAN_PAGES),$(patsubst %,$(page):%,$(filter-out $(basename $(notdir \
	$(page))),$(shell sed -n '/^.Sh NAME/,/^.Nd/s/^.Nm \([^ ]*\).*/\1/p' $(page)))))
link_page = $(firstword $(subst :, ,$(1)))
link_path = $(call page_path,$(lastword $(subst :, ,$(1)))$(suffix $(call link_page,$(1))))
INSTALLED = $(includedir)/spawnutil.h $(libdir)/libspawnutil.a $(libdir)/libspawnutil.so \
	$(libdir)/$(SONAME) $(libdir)/libspawnutil.so.$(VERSION) \
	$(libdir)/libspawnutil-preload.so $(pkgconfigdir)/spawnutil.pc \
	$(bindir)/safespawn $(bindir)/spawnbench $(bindir)/spawnaudit $(libexecdir)/spawnutil/spawnbench-child \
	$(foreach page,$(MAN_PAGES),$(call page_path,$(page))) \
	$(foreach link,$(MAN_LINKS),$(call link_path,$(link)))

install: all
	$(INSTALL) -d $(sort $(dir $(INSTALLED:%=$(DESTDIR)%)))
	$(INSTALL) -m 644 src/spawnutil.h $(DESTDIR)$(includedir)
	$(INSTALL) -m 644 $(BUILD)/libspawnutil.a $(DESTDIR)$(libdir)
	$(INSTALL) -m 755 $(BUILD)/libspawnutil.so $(DESTDIR)$(libdir)/libspawnutil.so.$(VERSION)
	$(INSTALL) -m 755 $(BUILD)/libspawnutil-preload.so $(DESTDIR)$(libdir)
	ln -sf libspawnutil.so.$(VERSION) $(DESTDIR)$(libdir)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(libdir)/libspawnutil.so
	$(INSTALL) -m 644 $(BUILD)/spawnutil.pc $(DESTDIR)$(pkgconfigdir)
	$(INSTALL) -m 755 $(PROGRAMS) $(DESTDIR)$(bindir)
	$(INSTALL) -m 755 $(BUILD)/spawnbench-child $(DESTDIR)$(libexecdir)/spawnutil
	set -e; $(foreach page,$(MAN_PAGES),\
		$(INSTALL) -m 644 $(page) $(DESTDIR)$(call page_path,$(page));)
	set -e; $(foreach link,$(MAN_LINKS),\
		echo '.so $(patsubst $(mandir)/%,%,$(call page_path,$(call link_page,$(link))))' \
			>$(DESTDIR)$(call link_path,$(link));)

uninstall:
	rm -f $(INSTALLED:%=$(DESTDIR)%)
	-rmdir $(DESTDIR)$(libexecdir)/spawnutil

clean:
	rm -rf $(BUILD)

dist:
	@mkdir -p $(BUILD)
	tar -czf $(BUILD)/spawnutil-$(VERSION).tar.gz --transform='s,^,spawnutil-$(VERSION)/,' \
		src man tests Makefile README COPYING .ci

-include $(wildcard $(BUILD)/obj/*/*.d $(BUILD)/tests/*.d $(BUILD)/tests/helpers/*.d)
