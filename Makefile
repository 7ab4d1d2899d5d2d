# SPDX-License-Identifier: MIT
#
#	make			the library and the programs, into build/
#	make check		a test of everything, in 3 minutes; needs libcheck and mandoc (README)
#	make check-all		all tests; TESTS="plan safespawn" with either: those suites alone
#	make check-kernels	the suites on Debian's kernels, in qemu-system: KERNELS="um 6.1 FILE.deb"
#	make bench		spawnbench as built, under 2 minutes; BENCH="--quick --pin" for other options
#	make bench-peers	the same with other libraries' and languages' launchers beside ours
#	make fuzz		plans and all that reads, with libFuzzer: FUZZ_SECONDS=60 each, FUZZ=word
#				those with it in their names; needs clang
#	make lint		cppcheck and clang-tidy, over all sources
#	make install		prefix=/usr/local, DESTDIR= and the GNU directory variables;
#				install-strip without debug information
#	make installcheck	the manual's programs, built against what was installed
#	make uninstall clean
#	make dist		a tarball, in BUILD
#	make help		this
#
#	BUILD=DIR		build there
#	SAN=address,undefined	with sanitizers; SAN=thread
#	COV=1			with coverage counters
#	V=1			show the commands
#	STATIC=musl		safespawn static, against musl: it starts much faster
#
# Several variants live beside each other: make BUILD=build/asan SAN=address check

VERSION := $(shell sed -n 's/^\#define SPU_VERSION "\(.*\)"/\1/p' src/spawnutil.h)
# Until 1.0 each minor version may break what the last one promised, and so has a name of its own
SONAME := libspawnutil.so.$(if $(filter 0.%,$(VERSION)),$(basename $(VERSION)),$(firstword $(subst ., ,$(VERSION))))

prefix = /usr/local
exec_prefix = $(prefix)
bindir = $(exec_prefix)/bin
libdir = $(exec_prefix)/lib
libexecdir = $(exec_prefix)/libexec
includedir = $(prefix)/include
datarootdir = $(prefix)/share
mandir = $(datarootdir)/man
pkgconfigdir = $(libdir)/pkgconfig
bashcompletiondir = $(datarootdir)/bash-completion/completions
zshcompletiondir = $(datarootdir)/zsh/site-functions
fishcompletiondir = $(datarootdir)/fish/vendor_completions.d

CC = gcc
AR = ar
STRIP = strip
INSTALL = install
CFLAGS = -O2 -g
CPPFLAGS =
LDFLAGS =
BUILD = build

# make parts words at spaces: a link stands in for a directory that has some in its name
ifneq ($(word 2,$(BUILD)),)
BUILD_TARGET := $(BUILD)
override BUILD := $(shell link=.build-$$(echo '$(BUILD)' | cksum | cut -d' ' -f1); \
	mkdir -p '$(BUILD)' && ln -sfn "$$(cd '$(BUILD)' && pwd)" $$link && echo $$link)
endif

# One name for one directory: what an object depends on is written down with it
override BUILD := $(patsubst $(CURDIR)/%,%,$(BUILD))

# STATIC holds for its BUILD until another is given, and install takes all as it was built
recall = $(if $(filter undefined default file,$(origin $(1))),$(eval $(file <$(BUILD)/with/$(1))))
$(foreach variable,STATIC $(if $(filter install%,$(MAKECMDGOALS)),CC AR CPPFLAGS CFLAGS LDFLAGS SAN COV), \
	$(call recall,$(variable)))

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

# A word of the shell's
quoted = '$(subst ','\'',$(1))'

sources = $(sort $(wildcard $(1:%=src/%.c)))
objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(1))

LIB_SOURCES = $(filter-out src/lib/preload.c,$(call sources,lib/* lib/*/* arch/*))
CHILD_SOURCES = $(filter src/lib/child/%,$(LIB_SOURCES))
COMMON_SOURCES = $(filter-out %/static_malloc.c,$(call sources,common/*))
SPAWNBENCH_SOURCES = $(filter-out %/child_exit.c,$(call sources,spawnbench/*))

LIB_OBJECTS = $(call objects,$(LIB_SOURCES))
PRELOAD_OBJECT = $(BUILD)/obj/lib/preload.o
COMMON_OBJECTS = $(call objects,$(COMMON_SOURCES))
SAFESPAWN_OBJECTS = $(call objects,$(call sources,safespawn/*)) $(COMMON_OBJECTS)
SPAWNBENCH_OBJECTS = $(call objects,$(SPAWNBENCH_SOURCES)) $(COMMON_OBJECTS)
SPAWNAUDIT_OBJECTS = $(call objects,$(filter-out %.bpf.c \
	%/watch/source$(if $(WATCH_LIBS),_none).c,$(call sources,spawnaudit/* spawnaudit/*/*))) $(COMMON_OBJECTS)
SERVER_OBJECTS = $(call objects,$(call sources,spawnserver/*))

LIBRARIES = $(BUILD)/libspawnutil.a $(BUILD)/libspawnutil.so $(BUILD)/libspawnutil-preload.so \
	$(BUILD)/spawnutil.pc
# AUDIT_LIBS is empty where spawnaudit can't be built, WATCH_LIBS where it can't watch
PROGRAMS = $(BUILD)/safespawn $(BUILD)/spawnbench $(if $(AUDIT_LIBS),$(BUILD)/spawnaudit)

# spawnaudit alone needs libdw. A file that isn't there is made before all
# else; it isn't made while that is missing, so that it is tried again.
ifneq ($(filter all check check-all check-programs needed install install-strip $(BUILD)/spawnaudit $(BUILD)/spawnaudit_%,$(or $(MAKECMDGOALS),all)),)
-include $(BUILD)/audit.mk
# Once that is known: what is missing is said once
ifneq ($(AUDIT_LIBS),)
-include $(BUILD)/watch.mk
endif
endif

all: $(LIBRARIES) $(PROGRAMS) $(BUILD)/spawn-server $(BUILD)/spawnbench-child

.PHONY: always all bench bench-peers fuzz check check-all check-kernels check-programs lint needed install \
	install-strip installcheck uninstall clean dist help
.DELETE_ON_ERROR:

#
# What make is called with: a file for each variable, which changes when its value does.
# What a value goes into depends on its file.
#

# As make reads it, which recall does
hash := \#
$(BUILD)/with/%: export WITH = $* = $(subst $(hash),\$(hash),$(subst $$,$$$$,$($*)))
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
	$(Q)$(AR) qcs $@ $(LIB_OBJECTS)

# Not unloaded: a stream of spu_popen's that is open still needs it. --wrap is for wrap_pclose.
$(BUILD)/libspawnutil.so: $(LIB_OBJECTS) src/lib/libspawnutil.map $(LINKED_WITH) $(call with,LIB_SOURCES)
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-soname,$(SONAME) -Wl,-z,now,-z,nodelete,--wrap=pclose \
		$(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script,src/lib/libspawnutil.map -o $@ $(LIB_OBJECTS)
	@ln -sf $(@F) $(BUILD)/$(SONAME)

# The library once more, with libc's names in place of its own; glibc before 2.34 has dlsym in libdl
$(BUILD)/libspawnutil-preload.so: $(PRELOAD_OBJECT) $(LIB_OBJECTS) src/lib/preload.map $(LINKED_WITH) \
		$(call with,LIB_SOURCES)
	$(call say,LINK)
	$(Q)$(LINK) -shared -Wl,-z,now $(if $(SAN),,-Wl,-z,defs) \
		-Wl,--version-script,src/lib/preload.map -o $@ $(PRELOAD_OBJECT) \
		$(filter-out %/wrap_pclose.o,$(LIB_OBJECTS)) -ldl

# Small, and without a loader that a launch would wait for. Sanitizers can't be linked statically,
# nor can a libc that has no archive.
$(BUILD)/static.flags: $(LINKED_WITH)
	@mkdir -p $(@D)
	@echo 'int main(void) { return 0; }' >$(BUILD)/static.c
	@if [ -z '$(SAN)$(COV)' ] && \
		$(CC) $(CPPFLAGS) -static -o $(BUILD)/static $(BUILD)/static.c $(LDFLAGS) 2>/dev/null; then \
		echo -static >$@; \
	else \
		: >$@; \
	fi
	@rm -f $(BUILD)/static $(BUILD)/static.c

$(BUILD)/spawn-server: $(SERVER_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/static.flags
	$(call say,LINK)
	$(call link,$$(cat $(BUILD)/static.flags))

$(BUILD)/obj/lib/server/start.o: $(BUILD)/with/libexecdir
$(BUILD)/obj/lib/server/start.o: OWN_FLAGS = $(PIC) \
	-DSPAWN_SERVER=$(call quoted,"$(libexecdir)/spawnutil/spawn-server")

# Libc's names that the preload library has are those that a program's linker can wrap. -u: lld
# takes for a weak name of libc's archive nothing out of ours.
WRAP = $(shell sed -n 's/^	\([a-z0-9_]*\);$$/-Wl,--wrap=\1,-u,__wrap_\1/p' src/lib/preload.map)

$(BUILD)/spawnutil.pc: src/lib/preload.map src/lib/spawnutil.pc.in src/spawnutil.h $(call with,prefix exec_prefix libdir includedir)
	$(call say,GEN)
	@mkdir -p $(@D)
	$(Q)sed $(foreach name,prefix exec_prefix libdir includedir VERSION WRAP, \
		-e $(call quoted,s|@$(name)@|$($(name))|)) $(filter %.in,$^) >$@

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

# A weak reference asks an archive for nothing
DEMANGLER = -Wl,-u,cplus_demangle_v3_callback -liberty
$(BUILD)/audit.mk: $(LINKED_WITH)
	@mkdir -p $(@D)
	@rm -f $@
	@echo '#include <elfutils/libdwfl.h>' >$(BUILD)/audit.c
	@echo 'int main(void) { return !dwfl_errmsg(1); }' >>$(BUILD)/audit.c
	@if $(CC) $(CPPFLAGS) -o $(BUILD)/audit $(BUILD)/audit.c $(LDFLAGS) -ldw -lelf 2>/dev/null; then \
		echo 'AUDIT_LIBS = -ldw -lelf' >$@; \
		$(CC) $(CPPFLAGS) -o $(BUILD)/audit $(BUILD)/audit.c $(LDFLAGS) $(DEMANGLER) -ldw -lelf \
			2>/dev/null && echo 'AUDIT_LIBS += $(DEMANGLER)' >>$@ || :; \
	else \
		echo "make: spawnaudit is left out: it needs libdw (Debian: libdw-dev)" >&2; \
	fi
	@rm -f $(BUILD)/audit $(BUILD)/audit.c

# What runs in the kernel is compiled by clang, whatever CC is
BPF_CC = clang
BPF_COMPILE = $(BPF_CC) -O2 -g -Wall -target bpf -mcpu=v3 -idirafter /usr/include/$$($(CC) -print-multiarch)

$(BUILD)/watch.mk: $(LINKED_WITH) $(BUILD)/with/BPF_CC
	@mkdir -p $(@D)
	@rm -f $@
	@echo '#include <bpf/libbpf.h>' >$(BUILD)/watch.c
	@echo 'int main(void) { return !bpf_program__expected_attach_type(0); }' >>$(BUILD)/watch.c
	@if $(BPF_COMPILE) -c -o $(BUILD)/watch.bpf.o src/spawnaudit/watch/programs.bpf.c 2>/dev/null && \
		$(CC) $(CPPFLAGS) -o $(BUILD)/watch $(BUILD)/watch.c $(LDFLAGS) -lbpf 2>/dev/null; then \
		echo 'WATCH_LIBS = -lbpf' >$@; \
	else \
		echo "make: spawnaudit is built without --watch: that needs clang and libbpf (Debian: clang, libbpf-dev)" >&2; \
	fi
	@rm -f $(BUILD)/watch $(BUILD)/watch.c $(BUILD)/watch.bpf.o

$(BUILD)/obj/spawnaudit/watch/programs.bpf.o: src/spawnaudit/watch/programs.bpf.c \
		$(wildcard src/spawnaudit/watch/programs_*.h) src/spawnaudit/watch/events.h \
		$(BUILD)/with/BPF_CC
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(BPF_COMPILE) -c -o $@ $<

$(BUILD)/obj/spawnaudit/watch/source.o: $(BUILD)/obj/spawnaudit/watch/programs.bpf.o
$(BUILD)/obj/spawnaudit/watch/source.o: OWN_FLAGS = \
	-DWATCH_PROGRAMS=$(call quoted,"$(BUILD)/obj/spawnaudit/watch/programs.bpf.o")

# A program of the objects and archives that it depends on
link = $(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(1)
link_argp = $(call link,$$(cat $(BUILD)/argp.flags) $(1))

ifeq ($(STATIC),)
$(BUILD)/safespawn: $(SAFESPAWN_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/argp.flags \
		$(BUILD)/with/STATIC
	$(call say,LINK)
	$(call link_argp,-lrt)
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
$(BUILD)/obj/safespawn/preload.o: OWN_FLAGS = -DPRELOAD_LIBRARY=$(call quoted,"$(libdir)/libspawnutil-preload.so")

$(BUILD)/spawnbench: $(SPAWNBENCH_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/argp.flags
	$(call say,LINK)
	$(call link_argp)

$(BUILD)/spawnaudit: $(SPAWNAUDIT_OBJECTS) $(BUILD)/libspawnutil.a $(LINKED_WITH) $(BUILD)/argp.flags
	$(call say,LINK)
	$(call link_argp,$(AUDIT_LIBS) $(WATCH_LIBS))

$(BUILD)/obj/spawnbench/target.o: $(BUILD)/with/libexecdir
$(BUILD)/obj/spawnbench/target.o: OWN_FLAGS = -DSPAWNBENCH_CHILD=$(call quoted,"$(libexecdir)/spawnutil/spawnbench-child")

# Not a line of libc in it, where that can be: what is measured is the launch, not the
# child's start
bare = $$($(CC) -Isrc -E -dM src/arch/arch.h | grep -q 'define POSIX_SPAWN_ONLY' || \
	echo -nostdlib -ffreestanding)
$(BUILD)/spawnbench-child: src/spawnbench/child_exit.c
$(BUILD)/tests/helpers/race_child: tests/helpers/race_child.c
$(BUILD)/spawnbench-child $(BUILD)/tests/helpers/race_child: $(wildcard src/arch/*.h) $(BUILD)/with/CC
	$(call say,LINK)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -Isrc $(WARNINGS) -Os $(bare) -static \
		-fno-stack-protector -fno-pie -Wl,--build-id=none -o $@ $(filter %.c,$^)

#
# Tests
#

# musl's posix_spawn can't do all that the suites ask of safespawn; house_static tests what is static
ifneq ($(and $(STATIC),$(filter check check-all,$(MAKECMDGOALS))),)
$(error make check is about the dynamic safespawn: make BUILD=build/dynamic STATIC= check)
endif

# Suites are programs in C and scripts. Two are built three times: also about libc's
# own functions, and about those that --wrap puts in their place. What holds
# for a launch holds for one by a spawn server, too.
SERVED_SUITES = $(patsubst %,check_%_server,callers_own capture exec_failure fifos growth ids landlock leaks \
	no_standard orphans own_table pipes program_fd pty refused retries rights seccomp set_up signals \
	step_failure threads wait)
PROGRAM_SUITES = $(patsubst tests/%.c,%,$(sort $(wildcard tests/check_*.c))) \
	$(foreach suite,conformance posix_spawn,check_$(suite)_libc check_$(suite)_wrap) $(SERVED_SUITES)
SCRIPT_SUITES = $(patsubst tests/%.sh,%,$(sort $(wildcard tests/*_*.sh)))
# The longest begin, and the short ones end together; apart from each other those that run
# suites side by side themselves
LONGEST = house_fuzz house_install kernels_emulated house_static musl_conformance check_server_ends \
	processes_emulated real_builds replace_libc valgrind_suites manual_examples safespawn_waiting \
	spawnaudit_trace spawnaudit_suppressions faults_inject spawnaudit_stuck check_capture \
	check_capture_server check_deadline check_wait_server check_system
SUITES = $(LONGEST) $(filter-out $(LONGEST),$(SCRIPT_SUITES) $(PROGRAM_SUITES))
HELPERS = $(patsubst tests/helpers/%.c,$(BUILD)/tests/helpers/%,$(wildcard tests/helpers/*.c))

# Those with a word of TESTS in their names; without TESTS all
WANTED = $(strip $(foreach suite,$(SUITES),$(if $(strip $(foreach word,$(or $(TESTS),$(suite)), \
	$(findstring $(word),$(suite)))),$(suite))))
# and what they need: scripts the programs, and some run suites in C once more
WANTED_PROGRAMS = $(filter $(PROGRAM_SUITES),$(WANTED))
WANTED_SCRIPTS = $(filter $(SCRIPT_SUITES),$(WANTED))
NEEDED = $(HELPERS) $(BUILD)/spawn-server $(WANTED_PROGRAMS:%=$(BUILD)/tests/%) $(if $(WANTED_SCRIPTS),all \
	$(if $(shell grep -lE 'suites\.sh|tests/check_' $(WANTED_SCRIPTS:%=tests/%.sh)), \
	$(PROGRAM_SUITES:%=$(BUILD)/tests/%)))

# Debian's libcheck is built with subunit; pkg-config knows better where it is installed
CHECK_LIBS = $$(pkg-config --libs check 2>/dev/null || echo -lcheck -lsubunit -lrt -lm)
# Those of the programs' rooms that suites in C test
PURE = spawnbench/axes spawnbench/doubts spawnbench/machine spawnbench/statistics spawnaudit/look/script

check-programs: all $(HELPERS) $(PROGRAM_SUITES:%=$(BUILD)/tests/%)

# A goal of its own: of each that is named make would say that it is up to date
ifneq ($(filter needed,$(MAKECMDGOALS)),)
needed: $(NEEDED)
	@:
endif

# Not in the recipe, which make -n would then take
check check-all: export MAKE := $(MAKE)
check check-all:
	@$(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc)) needed
	@CC='$(CC)' SAN='$(SAN)' COV='$(COV)' CHECK_ALL='$(filter %-all,$@)' TESTS='$(TESTS)' \
		sh tests/run.sh '$(abspath $(BUILD))' $(or $(WANTED),$(error no suite is called $(TESTS)))

# Those that ask the kernel, in no thousands, and need no compiler there
KERNEL_SUITES = $(filter-out $(patsubst %,check_%,actions allocation attack common doubts moves \
	options plan races request statistics),$(patsubst tests/%.c,%,$(sort $(wildcard tests/check_*.c)))) \
	safespawn_launch safespawn_waiting

check-kernels: export MAKE := $(MAKE)
check-kernels:
	@CC='$(CC)' sh tests/kernels.sh '$(abspath $(BUILD))' $(if $(TESTS),$(WANTED),$(KERNEL_SUITES))

# -Og warns of nearly what -O2 does, in a third of its time: 30 s of a processor's are saved
define compile_test
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(COMPILE:-O2=-Og) $(1) -c -o $@ $<
endef

$(BUILD)/tests/%.o: tests/%.c $(COMPILED_WITH)
	$(call compile_test)

$(BUILD)/tests/%_libc.o: tests/%.c $(COMPILED_WITH)
	$(call compile_test,-DOF_LIBC)

$(BUILD)/tests/%_wrap.o: tests/%.c $(COMPILED_WITH)
	$(call compile_test,-DBY_WRAP)

$(BUILD)/tests/%_server.o: tests/%.c $(COMPILED_WITH)
	$(call compile_test,-DBY_SERVER)

$(BUILD)/tests/check_conformance_wrap $(BUILD)/tests/check_posix_spawn_wrap: OWN_LINK = $(WRAP)
# A handler's small stack is for the library: binding a name for the first time takes 1.3 KB
$(BUILD)/tests/check_system: OWN_LINK = -Wl,-z,now
$(PROGRAM_SUITES:%=$(BUILD)/tests/%): %: %.o $(BUILD)/libspawnutil.a \
		$(filter-out %/arguments.o,$(COMMON_OBJECTS)) \
		$(PURE:%=$(BUILD)/obj/%.o) $(LINKED_WITH)
	$(call say,LINK)
	$(call link,$(CHECK_LIBS) $(OWN_LINK))

$(filter-out %/race_child,$(HELPERS)): %: %.o $(BUILD)/libspawnutil.a $(LINKED_WITH)
	$(call say,LINK)
	$(call link)

# With libFuzzer, which needs clang: each file of tests/fuzz, in the time that it is given. What an
# input has found new stays in the corpus, seeds are what one should begin with.
FUZZ_SECONDS = 60
FUZZ_CFLAGS = -g -O1
FUZZERS = $(foreach fuzzer,$(patsubst tests/fuzz/%.c,%,$(sort $(wildcard tests/fuzz/*.c))), \
	$(if $(FUZZ),$(if $(strip $(foreach word,$(FUZZ),$(findstring $(word),$(fuzzer)))),$(fuzzer)),$(fuzzer)))
fuzz:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/fuzz CC=clang CFLAGS='$(FUZZ_CFLAGS)' \
		SAN=address,undefined,fuzzer-no-link \
		$(patsubst %,$(BUILD)/fuzz/%,$(or $(strip $(FUZZERS)),$(error no fuzzer is called $(FUZZ)))) \
		$(if $(filter spawnaudit_view,$(FUZZERS)),$(LINKER_SEED))
	@for fuzzer in $(FUZZERS); do \
		corpus=$(BUILD)/fuzz/corpus/$$fuzzer seeds=tests/fuzz/seeds/$$fuzzer; \
		[ -d $$seeds ] || seeds=; \
		mkdir -p $$corpus && echo "$$fuzzer:" && \
		$(BUILD)/fuzz/$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=16384 -timeout=100 \
			-artifact_prefix=$(BUILD)/fuzz/$$fuzzer- $$corpus $$seeds || exit; \
	done

# A linker's work, with all that libdw reads; it is small
LINKER_SEED = $(BUILD)/fuzz/corpus/spawnaudit_view/linked
$(BUILD)/corpus/spawnaudit_view/linked: tests/fuzz/seeds/linked.c
	@mkdir -p $(@D)
	$(Q)$(CC) -g -O1 -fno-inline -fasynchronous-unwind-tables -fPIC -shared -nostdlib \
		-Wl,-z,norelro,-z,noseparate-code,--build-id=none -o $@ $<

.SECONDARY: $(FUZZERS:%=$(BUILD)/tests/fuzz/%.o)
# Its name begins with what it is about; of a program that is what reads.
FUZZED_safespawn = capabilities envfile fdlist landlock limits lists redirect values
FUZZED_spawnbench = axes json_tree old statistics
FUZZED_spawnaudit = look/announced look/demangle look/elf_file look/flags look/futex look/identity look/libc look/machine \
	look/memory look/peer look/process look/shrinking look/symbols look/view record/calls record/call_table record/call_text \
	record/safe trace/starts
fuzzed = $(patsubst %,$(BUILD)/obj/$(1)/%.o,$(FUZZED_$(1))) $(COMMON_OBJECTS) $(BUILD)/libspawnutil.a $(BUILD)/argp.flags
link_fuzzer = $(call say,LINK)$(newline)	$(call link,-fsanitize=fuzzer $$(cat $(BUILD)/argp.flags) -lm $(OWN_LINK) $(1))
$(BUILD)/lib_posix_spawn: OWN_LINK = \
	-Wl,--wrap=spu__spawn_by_actions,--wrap=getuid,--wrap=geteuid,--wrap=getgid,--wrap=getegid
$(BUILD)/lib_%: $(BUILD)/tests/fuzz/lib_%.o $(BUILD)/libspawnutil.a $(BUILD)/argp.flags
	$(link_fuzzer)

$(BUILD)/safespawn_%: $(BUILD)/tests/fuzz/safespawn_%.o $(call fuzzed,safespawn)
	$(link_fuzzer)

$(BUILD)/spawnbench_%: $(BUILD)/tests/fuzz/spawnbench_%.o $(call fuzzed,spawnbench)
	$(link_fuzzer)

$(BUILD)/spawnaudit_starts: OWN_LINK = -Wl,--wrap=process_open_mapping
$(BUILD)/spawnaudit_proc: OWN_LINK = -Wl,--wrap=open,--wrap=fopen
$(BUILD)/spawnaudit_calls: OWN_LINK = -Wl,--wrap=process_vm_readv
$(BUILD)/spawnaudit_view: OWN_LINK = -Wl,--wrap=process_open_mapped,--wrap=process_open_regular
$(BUILD)/spawnaudit_%: $(BUILD)/tests/fuzz/spawnaudit_%.o $(call fuzzed,spawnaudit)
	$(call link_fuzzer,$(AUDIT_LIBS))

bench: all
	$(BUILD)/spawnbench $(BENCH)

bench-peers: all
	@CC='$(CC)' sh tests/peers/run.sh '$(abspath $(BUILD))' $(BENCH)

#
# Analysis. What is switched off, and why:
#   variableScope        declarations stand at the top of a block here
#   constParameter       argv has the type that execve(2) gives it
#   unusedStructMember   the kernel's structures, and reserved words
#   ctuPointerArith      the end of an array is taken for a place behind it
# Programs for BPF are in the kernel's dialect, which neither knows.
#

lint:
	cppcheck -q --std=c11 --enable=warning,style,performance,portability --error-exitcode=1 \
		--suppress=missingIncludeSystem --suppress=variableScope \
		--suppress=constParameter --suppress=unusedStructMember \
		--suppress=ctuPointerArith -i src/spawnaudit/watch/programs.bpf.c \
		-Isrc src/lib src/common src/safespawn src/spawnbench src/spawnaudit src/spawnserver
	clang-tidy --quiet $(filter-out %.bpf.c,$(sort $(wildcard src/*/*.c src/*/*/*.c))) -- -std=gnu11 -D_GNU_SOURCE -Isrc \
		-DSPAWNBENCH_CHILD='""' -DPRELOAD_LIBRARY='""' -DSPAWN_SERVER='""' \
		-DWATCH_PROGRAMS='"/dev/null"'

#
# Installing
#
# What is installed: DIRECTORY/NAME:FILE, and for links DIRECTORY/NAME:TARGET. The directory
# goes by its variable's name, because its value may have spaces, at which make parts words.
#

MAN_PAGES = $(wildcard man/*.[137])
man_directory = mandir/man$(subst .,,$(suffix $(1)))/
INSTALLED = includedir/spawnutil.h:src/spawnutil.h \
	includedir/spawnutil-replace.h:src/spawnutil-replace.h \
	libdir/libspawnutil.a:$(BUILD)/libspawnutil.a \
	libdir/libspawnutil.so.$(VERSION):$(BUILD)/libspawnutil.so \
	libdir/libspawnutil-preload.so:$(BUILD)/libspawnutil-preload.so \
	pkgconfigdir/spawnutil.pc:$(BUILD)/spawnutil.pc \
	bindir/safespawn:$(BUILD)/safespawn \
	bindir/spawnbench:$(BUILD)/spawnbench \
	bindir/spawnaudit:$(BUILD)/spawnaudit \
	libexecdir/spawnutil/spawn-server:$(BUILD)/spawn-server \
	libexecdir/spawnutil/spawnbench-child:$(BUILD)/spawnbench-child \
	bashcompletiondir/safespawn:src/completion/spawnutil.bash \
	zshcompletiondir/_safespawn:src/completion/spawnutil.zsh \
	fishcompletiondir/safespawn.fish:src/completion/spawnutil.fish \
	$(foreach page,$(MAN_PAGES),$(call man_directory,$(page))$(notdir $(page)):$(page))
# Completions are looked for by the program's name, and a page's other names are links to it
LINKED = libdir/$(SONAME):libspawnutil.so.$(VERSION) libdir/libspawnutil.so:$(SONAME) \
	$(foreach program,spawnbench spawnaudit, \
		bashcompletiondir/$(program):safespawn fishcompletiondir/$(program).fish:safespawn.fish) \
	$(foreach page,$(MAN_PAGES),$(patsubst %,$(call man_directory,$(page))%$(suffix $(page)):$(notdir $(page)), \
		$(filter-out $(basename $(notdir $(page))), \
		$(shell sed -n '/^.Sh NAME/,/^.Nd/s/^.Nm \([^ ]*\).*/\1/p' $(page)))))
EXECUTABLE = bindir/% libexecdir/% libdir/%.so libdir/%.so.$(VERSION)

# Of such a row: where it goes, for the shell, and what goes there
place = $(firstword $(subst :, ,$(1)))
directory = $(firstword $(subst /, ,$(1)))
path = $(call quoted,$(DESTDIR)$($(directory))$(patsubst $(directory)%,%,$(place)))
source = $(lastword $(subst :, ,$(1)))
define newline


endef

# Which directories weren't there is written down: uninstall takes them away
install: all
	@for file in $(foreach row,$(INSTALLED) $(LINKED),$(call path,$(row))); do \
		directory=$${file%/*}; \
		while [ ! -d "$$directory" ]; do \
			echo "$$directory"; \
			directory=$$(dirname "$$directory"); \
		done; \
	done | sort -u >>$(BUILD)/made-directories
	$(foreach row,$(filter-out $(if $(AUDIT_LIBS),,bindir/spawnaudit:%),$(INSTALLED)),$(INSTALL) -D -m \
		$(if $(filter $(EXECUTABLE),$(call place,$(row))),755 $(STRIPPED),644) $(call source,$(row)) $(call path,$(row))$(newline)	)
	$(foreach row,$(LINKED),ln -sf $(call source,$(row)) $(call path,$(row))$(newline)	)
	$(tell_loader)

install-strip: STRIPPED = -s --strip-program=$(STRIP)
install-strip: install
	$(STRIP) -g $(call path,libdir/libspawnutil.a)

# A cache has to know the library before the loader finds it
define tell_loader
@PATH="$$PATH:/usr/sbin:/sbin"; file=$(call quoted,$(libdir)/$(SONAME)) root=$(call quoted,$(DESTDIR)); \
	command -v ldconfig >/dev/null || exit 0; \
	[ -n "$$root" ] || [ "$$(id -u)" -ne 0 ] || ldconfig; \
	if [ ! -e "$$root$$file" ]; then \
		:; \
	elif [ -n "$$root" ]; then \
		echo "make: ldconfig is to be run where this will be installed"; \
	elif ! ldconfig -p | grep -qF " $$file"; then \
		echo "make: the loader doesn't find $$file:" \
			"run ldconfig as root, or link programs with -Wl,-rpath"; \
	fi
endef

# The manual's programs, built against what was installed
installcheck:
	@CC='$(CC)' SAN='$(SAN)' COV='$(COV)' $(foreach variable,DESTDIR bindir libdir libexecdir pkgconfigdir, \
		$(variable)=$(call quoted,$($(variable)))) sh tests/installed.sh '$(abspath $(BUILD))'

uninstall:
	rm -f $(foreach row,$(INSTALLED) $(LINKED),$(call path,$(row)))
	@rmdir $(call path,libexecdir/spawnutil) 2>/dev/null || :
	@[ ! -e $(BUILD)/made-directories ] || { \
		sort -r $(BUILD)/made-directories | while read -r directory; do \
			rmdir "$$directory" 2>/dev/null || [ ! -d "$$directory" ] || echo "$$directory"; \
		done >$(BUILD)/left-directories && mv $(BUILD)/left-directories $(BUILD)/made-directories; \
	}
	$(tell_loader)

clean:
	rm -rf $(BUILD) $(if $(BUILD_TARGET),'$(BUILD_TARGET)')

# What is tracked; in a tree that was unpacked itself, all
dist:
	@mkdir -p $(BUILD)
	if [ -e .git ]; then git ls-files; else \
		find .ci .clang-tidy .gitignore COPYING Makefile README man src tests -type f | LC_ALL=C sort; \
	fi >$(BUILD)/packed
	tar -czf $(BUILD)/spawnutil-$(VERSION).tar.gz --sort=name --owner=root:0 --group=root:0 \
		--transform='s,^,spawnutil-$(VERSION)/,' -T $(BUILD)/packed

help:
	@sed '1,2d; /^$$/,$$d; s/^#[	 ]\{0,1\}//' Makefile

-include $(patsubst %.o,%.d,$(LIB_OBJECTS) $(PRELOAD_OBJECT) $(SAFESPAWN_OBJECTS) $(SPAWNBENCH_OBJECTS) \
	$(SPAWNAUDIT_OBJECTS) $(SERVER_OBJECTS)) $(patsubst %,%.d,$(HELPERS) $(PROGRAM_SUITES:%=$(BUILD)/tests/%) \
	$(FUZZERS:%=$(BUILD)/tests/fuzz/%))
