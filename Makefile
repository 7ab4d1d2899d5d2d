# SPDX-License-Identifier: MIT
#
#	make			the library and the programs, into build/
#	make check		a test of everything, in 3 minutes; needs libcheck and mandoc (README)
#	make check-all		all tests; TESTS="plan safespawn" with either: those suites alone
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

BASE_FLAGS = -std=gnu11 -D_GNU_SOURCE -Isrc $(WARNINGS) -pthread -MMD -MP
# In C, cleanup handlers of a cancelled thread don't need exceptions, and libgcc_s, which
# those need, is 0.2 ms of a program's start
COMPILE = $(CC) $(CPPFLAGS) $(BASE_FLAGS) $(CFLAGS) $(EXTRA_FLAGS) $(if $(SAN),-fexceptions,-fno-exceptions)
LINK = $(CC) $(CFLAGS) $(EXTRA_FLAGS) $(LDFLAGS) -pthread
# The library's objects, which are the archive's, too: it is linked into plugins
PIC = -fPIC

# The child runs where no other code may: what would put a call into it is taken
# out of CFLAGS, because a negation behind it doesn't undo all of it.
CHILD_UNWANTED = -pg -p --coverage -coverage -flto% -fsanitize% -fstack-protector% -fprofile% \
	-ftest-coverage -finstrument-functions% -fstack-check% -fsplit-stack -fcf-protection=% \
	-mfentry -mrecord-mcount -fpatchable-function-entry% -fexceptions
CHILD_FLAGS = $(filter-out $(CHILD_UNWANTED),$(CPPFLAGS) $(BASE_FLAGS) $(CFLAGS)) \
	-ffreestanding -fno-builtin -fno-stack-protector -fno-lto -U_FORTIFY_SOURCE

Q = $(if $(V),,@)
silent = $(findstring s,$(firstword -$(MAKEFLAGS)))
say = $(if $(V)$(silent),,@echo "  $(1)	$(patsubst $(BUILD)/%,%,$@)")

sources = $(sort $(wildcard $(1:%=src/%.c)))
objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))

LIB_SOURCES = $(filter-out src/lib/preload.c,$(call sources,lib/* lib/*/* arch/*))
CHILD_SOURCES = $(filter src/lib/child.c src/lib/child/%,$(LIB_SOURCES))
COMMON_SOURCES = $(filter-out %/static_malloc.c,$(call sources,common/*))
SPAWNBENCH_SOURCES = $(filter-out %/child_exit.c,$(call sources,spawnbench/*))

LIB_OBJECTS = $(call objects,$(LIB_SOURCES))
PRELOAD_OBJECT = $(BUILD)/obj/lib/preload.o
COMMON_OBJECTS = $(call objects,$(COMMON_SOURCES))
SAFESPAWN_OBJECTS = $(call objects,$(call sources,safespawn/*)) $(COMMON_OBJECTS)
SPAWNBENCH_OBJECTS = $(call objects,$(SPAWNBENCH_SOURCES)) $(COMMON_OBJECTS)
# Not common/json: jansson's functions have the same names
SPAWNAUDIT_OBJECTS = $(call objects,$(call sources,spawnaudit/*)) \
	$(filter-out %/json.o,$(COMMON_OBJECTS))

LIBRARIES = $(BUILD)/libspawnutil.a $(BUILD)/libspawnutil.so $(BUILD)/libspawnutil-preload.so \
	$(BUILD)/spawnutil.pc
# AUDIT_LIBS is empty where spawnaudit can't be built
PROGRAMS = $(BUILD)/safespawn $(BUILD)/spawnbench $(if $(AUDIT_LIBS),$(BUILD)/spawnaudit)

# spawnaudit alone needs libdw and jansson. A file that isn't there is made before all
# else; it isn't made while they are missing, so that it is tried again.
ifneq ($(filter all check check-all check-programs install $(BUILD)/spawnaudit,$(or $(MAKECMDGOALS),all)),)
-include $(BUILD)/audit.mk
endif

all: $(LIBRARIES) $(PROGRAMS) $(BUILD)/spawnbench-child

.PHONY: always all bench bench-peers check check-all check-programs lint install uninstall clean dist
.DELETE_ON_ERROR:

#
# What make is called with: a file for each variable, which changes when its value does.
# What a value goes into depends on its file.
#

$(BUILD)/with/%: export WITH = $* = $($*)
$(BUILD)/with/%: always
	@mkdir -p $(@D)
	@printf '%s\n' "$$WITH" | cmp -s - $@ || printf '%s\n' "$$WITH" >$@

with = $(1:%=$(BUILD)/with/%)
COMPILED_WITH = $(call with,CC CPPFLAGS CFLAGS SAN COV)
LINKED_WITH = $(COMPILED_WITH) $(call with,LDFLAGS)

#
# The library
#

$(call objects,$(CHILD_SOURCES)): $(BUILD)/obj/%.o: src/%.c $(COMPILED_WITH)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CHILD_FLAGS) $(PIC) -c -o $@ $<

$(LIB_OBJECTS) $(PRELOAD_OBJECT): OWN_FLAGS = $(PIC)

$(BUILD)/obj/%.o: src/%.c $(COMPILED_WITH)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) $(OWN_FLAGS) -c -o $@ $<

$(BUILD)/libspawnutil.a: $(LIB_OBJECTS) $(call with,AR LIB_SOURCES)
	$(call say,AR)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(LIB_OBJECTS)

$(BUILD)/libspawnutil.so: $(LIB_OBJECTS) src/lib/libspawnutil.map $(LINKED_WITH) $(call with,LIB_SOURCES)
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,-z,now $(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script,src/lib/libspawnutil.map -o $@ $(LIB_OBJECTS)
	@ln -sf $(@F) $(BUILD)/$(SONAME)

# The library once more, with libc's names in place of its own; glibc before 2.34 has dlsym in libdl
$(BUILD)/libspawnutil-preload.so: $(PRELOAD_OBJECT) $(LIB_OBJECTS) src/lib/preload.map $(LINKED_WITH) \
		$(call with,LIB_SOURCES)
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-z,now $(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script,src/lib/preload.map -o $@ $(PRELOAD_OBJECT) $(LIB_OBJECTS) -ldl

$(BUILD)/spawnutil.pc: src/lib/spawnutil.pc.in src/spawnutil.h $(call with,prefix exec_prefix libdir includedir)
	$(call say,GEN)
	@mkdir -p $(@D)
	$(Q)sed -e 's|@prefix@|$(prefix)|' -e 's|@exec_prefix@|$(exec_prefix)|' \
		-e 's|@libdir@|$(libdir)|' -e 's|@includedir@|$(includedir)|' \
		-e 's|@version@|$(VERSION)|' $< >$@

#
# The programs
#

# argp is part of glibc and a library of its own elsewhere
$(BUILD)/argp.flags: $(LINKED_WITH)
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

$(BUILD)/audit.mk: $(LINKED_WITH)
	@mkdir -p $(@D)
	@rm -f $@
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

# A program of the objects and archives that it depends on
link = $(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(1)
link_argp = $(call link,$$(cat $(BUILD)/argp.flags) $(1))

ifeq ($(STATIC),)
$(BUILD)/safespawn: $(SAFESPAWN_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/argp.flags \
		$(BUILD)/with/STATIC
	$(call say,LINK)
	$(call link_argp)
else ifeq ($(STATIC),musl)
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

$(BUILD)/safespawn: $(MUSL_ARGP)/libargp.a $(BUILD)/with/STATIC always
	@$(MAKE) --no-print-directory STATIC= BUILD=$(MUSL) CC='$(MUSL_CC)' PIC= \
		CFLAGS='$(MUSL_CFLAGS)' \
		CPPFLAGS='$(CPPFLAGS) -isystem $(MUSL_ARGP)' \
		LDFLAGS='$(LDFLAGS) -static -L$(MUSL_ARGP) $(MUSL_LINK)' \
		COMMON_SOURCES='$(COMMON_SOURCES) src/common/static_malloc.c' $(MUSL)/safespawn
	@cmp -s $(MUSL)/safespawn $@ || cp $(MUSL)/safespawn $@

$(MUSL_ARGP)/libargp.a:
	@mkdir -p $(@D)
	$(Q)CC='$(MUSL_CC)' CFLAGS='$(MUSL_CFLAGS)' sh src/common/static_argp.sh $(@D)
else
$(error STATIC=$(STATIC): only STATIC=musl is known)
endif

$(BUILD)/obj/safespawn/preload.o: $(BUILD)/with/libdir
$(BUILD)/obj/safespawn/preload.o: OWN_FLAGS = -DPRELOAD_LIBRARY='"$(libdir)/libspawnutil-preload.so"'

$(BUILD)/spawnbench: $(SPAWNBENCH_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/argp.flags
	$(call say,LINK)
	$(call link_argp)

$(BUILD)/spawnaudit: $(SPAWNAUDIT_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/argp.flags
	$(call say,LINK)
	$(call link_argp,$(AUDIT_LIBS))

$(BUILD)/obj/spawnbench/target.o: $(BUILD)/with/libexecdir
$(BUILD)/obj/spawnbench/target.o: OWN_FLAGS = -DSPAWNBENCH_CHILD='"$(libexecdir)/spawnutil/spawnbench-child"'

# Not a line of libc in it: what is measured is the launch, not the child's start
$(BUILD)/spawnbench-child: src/spawnbench/child_exit.c $(BUILD)/with/CC
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 $(WARNINGS) -Os -nostdlib -static -ffreestanding \
		-fno-stack-protector -fno-pie -Wl,--build-id=none -o $@ $<

#
# Tests
#

# Suites are programs in C and scripts. check_conformance is built twice: once about
# libc's own functions.
PROGRAM_SUITES = $(patsubst tests/%.c,%,$(sort $(wildcard tests/check_*.c))) check_conformance_libc
SCRIPT_SUITES = $(patsubst tests/%.sh,%,$(sort $(wildcard tests/*_*.sh)))
SUITES = $(PROGRAM_SUITES) $(SCRIPT_SUITES)
HELPERS = $(patsubst tests/helpers/%.c,$(BUILD)/tests/helpers/%,$(wildcard tests/helpers/*.c))

# Those with a word of TESTS in their names; without TESTS all
WANTED = $(strip $(foreach suite,$(SUITES),$(if $(strip $(foreach word,$(or $(TESTS),$(suite)), \
	$(findstring $(word),$(suite)))),$(suite))))
# and what they need: scripts the programs, and some run suites in C once more
WANTED_PROGRAMS = $(filter $(PROGRAM_SUITES),$(WANTED))
WANTED_SCRIPTS = $(filter $(SCRIPT_SUITES),$(WANTED))
NEEDED = $(HELPERS) $(WANTED_PROGRAMS:%=$(BUILD)/tests/%) $(if $(WANTED_SCRIPTS),all \
	$(if $(shell grep -lE 'suites\.sh|tests/check_' $(WANTED_SCRIPTS:%=tests/%.sh)), \
	$(PROGRAM_SUITES:%=$(BUILD)/tests/%)))

# Debian's libcheck is built with subunit; pkg-config knows better where it is installed
CHECK_LIBS = $$(pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lrt -lm)
# Those of its rooms that suites in C test
PURE_SPAWNBENCH = axes doubts statistics

check-programs: all $(HELPERS) $(PROGRAM_SUITES:%=$(BUILD)/tests/%)

# Not in the recipe, which make -n would then take
check check-all: export MAKE := $(MAKE)
check check-all: $(NEEDED)
	@CC='$(CC)' SAN='$(SAN)' COV='$(COV)' CHECK_ALL='$(filter %-all,$@)' TESTS='$(TESTS)' \
		sh tests/run.sh '$(abspath $(BUILD))' $(or $(WANTED),$(error no suite is called $(TESTS)))

$(BUILD)/tests/%.o: tests/%.c $(COMPILED_WITH)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -c -o $@ $<

$(BUILD)/tests/%_libc.o: tests/%.c $(COMPILED_WITH)
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE) -DOF_LIBC -c -o $@ $<

$(PROGRAM_SUITES:%=$(BUILD)/tests/%): %: %.o $(BUILD)/libspawnutil.a \
		$(filter-out %/arguments.o,$(COMMON_OBJECTS)) \
		$(PURE_SPAWNBENCH:%=$(BUILD)/obj/spawnbench/%.o) $(LINKED_WITH)
	$(call say,LINK)
	$(call link,$(CHECK_LIBS))

$(HELPERS): %: %.o $(BUILD)/libspawnutil.a $(LINKED_WITH)
	$(call say,LINK)
	$(call link)

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

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(PRELOAD_OBJECT) $(SAFESPAWN_OBJECTS) $(SPAWNBENCH_OBJECTS) \
	$(SPAWNAUDIT_OBJECTS)) $(patsubst %,%.d,$(HELPERS) $(PROGRAM_SUITES:%=$(BUILD)/tests/%))
