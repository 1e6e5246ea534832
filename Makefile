# SPDX-License-Identifier: BSD-3-Clause
# `make help` lists the targets.

VERSION = 0.1.0
PREFIX ?= /usr/local
SYSCONFDIR ?= /etc
INSTALL ?= install
PKG_CONFIG ?= pkg-config

# make SANITIZE=address,undefined (or thread): every target, with that sanitizer.
SANITIZE ?=
# make WERROR=1: warnings are errors (CI).
WERROR ?=

# make fuzz FUZZ="trace config": these harnesses only, each for so many seconds, or (FUZZ_RUNS=10000000) inputs.
FUZZ ?= $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_SECONDS ?= 60
FUZZ_RUNS ?=
# FUZZ_SANITIZE=undefined: two to three times as many; what they found is then read again with all sanitizers.
FUZZ_SANITIZE ?= address,undefined

# Chart.js, which becomes a part of the program: reports need no network.
CHART_JS ?= /usr/share/javascript/chart.js/Chart.min.js

# What a command tells: asked for once, and not before a recipe needs it, for `make deps demo` installs
# the libraries first. $(call once,VARIABLE THAT KEEPS IT,COMMAND)
once = $(if $(filter undefined,$(flavor $1)),$(eval $1 := $(shell $2)))$($1)

modules = libvirt inih jansson libxml-2.0 sqlite3 libseccomp
lib_cflags = $(call once,found_cflags,$(PKG_CONFIG) --cflags $(modules))
lib_libs = $(call once,found_libs,$(PKG_CONFIG) --libs $(modules)) -ldl
test_libs = $(call once,found_test_libs,$(PKG_CONFIG) --libs cmocka) -lm

warnings = -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wvla -Wstrict-prototypes \
           -Wmissing-prototypes -Wpointer-arith -Wwrite-strings $(if $(WERROR),-Werror)
# FORTIFY needs optimisation, and is left out where the caller sets it in CPPFLAGS or CFLAGS.
optimised = $(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS))))
fortify = $(if $(SANITIZE)$(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,$(if \
            $(optimised),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
# those that this compiler and this processor know
known_flags = $(call once,found_flags,for f in -fstack-clash-protection -fcf-protection; do \
                $(CC) -Werror $$f -c -x c /dev/null -o /dev/null 2>/dev/null && printf '%s ' $$f; done)
hardening = -fstack-protector-strong $(fortify) $(known_flags)
sanitizer = $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer)

CFLAGS ?= -O2 -g
common = -std=c11 $(warnings) $(CPPFLAGS) $(CFLAGS) $(hardening) $(sanitizer) -fvisibility=hidden
core_flags = $(common) -fPIE -pthread -D_GNU_SOURCE -DMEMCOORD_VERSION='"$(VERSION)"' \
             -Iinclude -Icore $(lib_cflags)
policy_flags = $(common) -fPIC -Iinclude
link_flags = $(sanitizer) -Wl,-z,relro,-z,now $(LDFLAGS)

core_sources = $(wildcard core/*/*.c)
core_objects = $(core_sources:%.c=build/%.o)
policies = $(patsubst %.c,%.so,$(wildcard policies/*.c))
c_tests = $(patsubst %.c,build/%,$(wildcard tests/unit/test_*.c tests/policies/test_*.c \
            tests/faults/test_*.c tests/fuzz/fuzz_*.c))
sh_tests = $(sort $(wildcard tests/*/*.t))
vm_tests = $(filter tests/vm/%,$(sh_tests))
# what the tests of faults use
fault_tools = $(filter-out $(c_tests),$(patsubst %.c,build/%,$(wildcard tests/faults/*.c)))
benches = $(patsubst %.c,build/%,$(wildcard tests/bench/*.c))
formatted = $(wildcard core/*.c core/*/*.[ch] policies/*.c include/*/*.h tests/*/*.[ch])
formatted := $(filter-out tests/abi/policy-%.h,$(formatted))

.PHONY: all help check check-threads check-vm soak bench demo deps deps-vm deps-dev install uninstall \
        fuzz format check-format lint clean FORCE

all: memcoord $(policies)

help:
	@sed -n 's/^## //p' Makefile

## make                build ./memcoord and policies/*.so
## make deps           install what the build and the tests need and is missing (Debian)
## make demo           a minute of a simulated host, in 15 seconds, and a report
## make check          all tests that need no virtual machine
## make check-vm       the same program on real QEMU guests (FULL=1: at full size)
##                     (both: TESTS="tests/cli/order.t build/tests/unit/test_log": these only)
## make check-threads  the tests in which threads meet, with the thread sanitizer
## make soak           a million ticks with 200 domains that come and go: the memory stays
## make fuzz           libFuzzer on all that is read from outside: FUZZ_SECONDS=60 each, FUZZ="trace config"
## make bench          print figures: time and memory
## make install        DESTDIR=, PREFIX=/usr/local
## make format         clang-format; check-format: complain; lint: cppcheck
## make SANITIZE=address,undefined WERROR=1 ...  with any target

# ---- build

# Everything depends on what it is built with: another compiler or sanitizer builds anew.
build/flags: FORCE | $(filter deps deps-%,$(MAKECMDGOALS))
	@mkdir -p build
	@echo '$(CC) $(core_flags) $(link_flags) $(LDLIBS)' | cmp -s - $@ || \
	  echo '$(CC) $(core_flags) $(link_flags) $(LDLIBS)' > $@

# What the archive is made of: a source that is gone leaves it, too.
build/members: FORCE
	@mkdir -p $(@D)
	@echo '$(core_objects)' | cmp -s - $@ || echo '$(core_objects)' > $@

build/core/%.o: core/%.c build/flags
	@mkdir -p $(@D)
	$(CC) $(core_flags) -MMD -MP -c $< -o $@

# What the assembler reads is no header: -MMD does not see it.
build/core/report/page_parts.o build/fuzz/core/report/page_parts.o: \
  core_flags += -DCHART_JS='"$(CHART_JS)"'
build/core/report/page_parts.o build/fuzz/core/report/page_parts.o: $(addprefix core/report/page.,html css js) $(CHART_JS)

build/libcore.a: $(core_objects) build/members
	@rm -f $@
	$(AR) rcs $@ $(core_objects)

memcoord: build/core/main.o build/libcore.a
	$(CC) $(core_flags) $(link_flags) -pie $^ $(lib_libs) $(LDLIBS) -o $@

# A policy that others could replace is refused: neither it nor its folder may be theirs to write.
policies/%.so: policies/%.c build/flags
	@mkdir -p build/policies
	$(CC) $(policy_flags) $(link_flags) -MMD -MP -MF build/policies/$*.d -shared $< $(LDLIBS) -o $@
	@chmod go-w $(@D) $@

# What tests of faults put in the place of what our own code calls (tests/lib/faulty.h).
faulty = malloc calloc realloc strdup tsearch pthread_create clock_gettime pthread_cond_timedwait
build/tests/faults/test_%: private link_flags += $(faulty:%=-Wl,--wrap=%)

build/tests/%: tests/%.c build/libcore.a
	@mkdir -p $(@D)
	$(CC) $(core_flags) -Itests $(link_flags) -MMD -MP -MF $@.d -pie $< build/libcore.a \
	  $(lib_libs) $(test_libs) $(LDLIBS) -o $@

-include build/tests/vm/alike.d $(core_objects:.o=.d) build/core/main.d $(policies:policies/%.so=build/policies/%.d) \
         $(c_tests:=.d) $(benches:=.d) $(fault_tools:=.d)

# ---- tests

TESTS = $(c_tests) $(sh_tests)
# How many test programs run side by side; each test of tests/vm has a libvirtd and guests of its own.
CHECK_JOBS ?= $(shell nproc)
VM_JOBS ?= 2

prove = TSAN_OPTIONS="suppressions=$(CURDIR)/tests/lib/tsan.supp" MEMCOORD_TOP=$(CURDIR) \
        CC="$(CC)" SANITIZE="$(SANITIZE)" CMOCKA_MESSAGE_OUTPUT=TAP \
        prove --exec '' --failures --comments $(PROVE_FLAGS)

check: all $(filter build/%,$(TESTS)) $(if $(filter tests/faults/%,$(TESTS)),$(fault_tools))
	$(prove) -j$(CHECK_JOBS) $(filter-out $(vm_tests),$(TESTS))

# reaction.t looks at fractions of a second, with guests that write 40 MB/s, and true-to-life.t compares guests
# with a model that knows of no other load: they run alone.
vm_chosen = $(filter $(vm_tests),$(TESTS))
vm_alone = $(filter %/reaction.t %/true-to-life.t,$(vm_chosen))
vm_beside = $(filter-out $(vm_alone),$(vm_chosen))

# Where threads of ours meet; with SANITIZE=thread, `make check` runs all tests with it.
threaded = $(patsubst %,build/tests/unit/test_%,left_alone libvirt_bulk libvirt_caller libvirt_changes \
             libvirt_host libvirt_moving libvirt_watch libvirt_work log one_shot recorder recording \
             retention sim_host) tests/cli/record.t tests/cli/start.t $(filter tests/faults/recording%,$(sh_tests))

check-threads:
	@$(MAKE) check SANITIZE=thread TESTS="$(threaded)"

# A million ticks; `make check` has ten thousand.
soak: all build/tests/unit/test_soak
	SOAK_TICKS=1000000 MEMCOORD_TOP=$(CURDIR) build/tests/unit/test_soak

check-vm: all build/tests/vm/alike
	@export FULL="$(FULL)"; status=0; \
	$(if $(vm_beside),$(prove) -j$(VM_JOBS) $(vm_beside) || status=1;) \
	$(if $(vm_alone),$(prove) -j1 $(vm_alone) || status=1;) \
	exit $$status

bench: all $(benches)
	tests/bench/run

# ---- hostile input: everything once more, with clang and libFuzzer

build/fuzz/%: private override CC = clang
build/fuzz/%: private override SANITIZE = fuzzer-no-link,$(FUZZ_SANITIZE)
# a policy comes and goes, and libFuzzer would go on to read its counters
build/fuzz/policies/%: private override SANITIZE = $(FUZZ_SANITIZE)
# dictionaries do what watching every comparison would, at half the cost
build/fuzz/%: private override CFLAGS += -fno-sanitize-coverage=trace-cmp

build/fuzz/flags: FORCE
	@mkdir -p $(@D)/policies
	@echo '$(CC) $(core_flags)' | cmp -s - $@ || echo '$(CC) $(core_flags)' > $@

build/fuzz/core/%.o: core/%.c build/fuzz/flags
	@mkdir -p $(@D)
	$(CC) $(core_flags) -MMD -MP -c $< -o $@

build/fuzz/libcore.a: $(core_objects:build/%=build/fuzz/%) build/members
	@rm -f $@
	$(AR) rcs $@ $(filter %.o,$^)

build/fuzz/policies/%.so: policies/%.c build/fuzz/flags
	$(CC) $(policy_flags) $(link_flags) -MMD -MP -MF $@.d -shared $< $(LDLIBS) -o $@
	@chmod go-w $(@D) $@

build/fuzz/fuzz_%: tests/fuzz/fuzz_%.c build/fuzz/libcore.a build/fuzz/flags
	$(CC) $(core_flags) -DFUZZER -Itests $(link_flags) -fsanitize=fuzzer -MMD -MP -MF $@.d -pie $< \
	  build/fuzz/libcore.a $(lib_libs) $(LDLIBS) -o $@

fuzz_so = $(policies:%=build/fuzz/%)
-include $(core_objects:build/%.o=build/fuzz/%.d) $(fuzz_so:=.d) $(FUZZ:%=build/fuzz/fuzz_%.d)

# What is found new on the way is kept in build/fuzz/corpus; what breaks something, in build/fuzz. Leaks are looked
# for at the end: to look each time that SQLite keeps something takes most of the time.
fuzz: $(fuzz_so) $(FUZZ:%=build/fuzz/fuzz_%)
	@for name in $(FUZZ); do \
	  echo "== $$name" && mkdir -p build/fuzz/corpus/$$name && \
	  build/fuzz/fuzz_$$name -timeout=10 -rss_limit_mb=2048 -detect_leaks=0 -print_funcs=0 -print_final_stats=1 \
	    $(if $(FUZZ_RUNS),-runs=$(FUZZ_RUNS),-max_total_time=$(FUZZ_SECONDS)) $(FUZZ_FLAGS) \
	    -artifact_prefix=build/fuzz/$$name- \
	    $$([ ! -e tests/fuzz/$$name.dict ] || echo -dict=tests/fuzz/$$name.dict) \
	    build/fuzz/corpus/$$name tests/fuzz/corpus/$$name || exit 1; done

# A minute of a simulated host in 15 seconds.
demo: all
	@sed 's|^uri = sim:|&../conf/|' conf/sim.ini > build/demo.ini
	@printf '\n[record]\nfile = demo.db\n' >> build/demo.ini
	@rm -f build/demo.db
	./memcoord -c build/demo.ini --speed 4
	@./memcoord report build/demo.db -o build/demo.html > build/demo.out
	@echo 'What happened, on one page: build/demo.html (report), build/demo.db (recording)'

# ---- dependencies: pkg-config and the PATH are asked, not apt, so that nothing happens offline
# if all is there

deps:
	@.ci/deps build

deps-vm:
	@.ci/deps vm

deps-dev:
	@.ci/deps dev

# ---- install

build/memcoord.pc: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' 'prefix=$(PREFIX)' 'includedir=$${prefix}/include' \
	  'policydir=$${prefix}/lib/memcoord' '' 'Name: memcoord' \
	  'Description: header for memory policies of memcoord' 'Version: $(VERSION)' \
	  'Cflags: -I$${includedir}' > $@

# conf/ is installed as it is, with its folders; but systemd's unit where it looks for it, with these paths
unit_folder = $(PREFIX)/lib/systemd/system
conf_folders = $(shell cd conf && find * -type d)

build/memcoord.service: conf/memcoord.service FORCE
	@mkdir -p $(@D)
	@sed -e 's|/usr/local|$(PREFIX)|' -e 's|/etc/memcoord|$(SYSCONFDIR)/memcoord|' $< > $@

install: all build/memcoord.pc build/memcoord.service
	$(INSTALL) -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/memcoord \
	  $(DESTDIR)$(PREFIX)/include/memcoord $(DESTDIR)$(PREFIX)/lib/pkgconfig \
	  $(DESTDIR)$(PREFIX)/share/doc/memcoord/policies $(DESTDIR)$(SYSCONFDIR)/memcoord \
	  $(DESTDIR)$(unit_folder) \
	  $(addprefix $(DESTDIR)$(PREFIX)/share/memcoord/,$(conf_folders))
	$(INSTALL) -m 755 memcoord $(DESTDIR)$(PREFIX)/bin/
	$(INSTALL) -m 755 $(policies) $(DESTDIR)$(PREFIX)/lib/memcoord/
	$(INSTALL) -m 644 include/memcoord/policy.h $(DESTDIR)$(PREFIX)/include/memcoord/
	$(INSTALL) -m 644 README.md LICENSE $(DESTDIR)$(PREFIX)/share/doc/memcoord/
	$(INSTALL) -m 644 policies/*.md $(DESTDIR)$(PREFIX)/share/doc/memcoord/policies/
	for d in . $(conf_folders); do \
	  $(INSTALL) -m 644 $$(find conf/$$d -maxdepth 1 -type f ! -name '*.service') \
	    $(DESTDIR)$(PREFIX)/share/memcoord/$$d/ || exit 1; done
	[ -e $(DESTDIR)$(SYSCONFDIR)/memcoord/coord.ini ] || \
	  $(INSTALL) -m 644 conf/coord.ini $(DESTDIR)$(SYSCONFDIR)/memcoord/
	$(INSTALL) -m 644 build/memcoord.pc $(DESTDIR)$(PREFIX)/lib/pkgconfig/
	$(INSTALL) -m 644 build/memcoord.service $(DESTDIR)$(unit_folder)/

uninstall:
	rm -f $(DESTDIR)$(unit_folder)/memcoord.service \
	  $(DESTDIR)$(PREFIX)/bin/memcoord $(DESTDIR)$(PREFIX)/include/memcoord/policy.h \
	  $(DESTDIR)$(PREFIX)/lib/pkgconfig/memcoord.pc \
	  $(addprefix $(DESTDIR)$(PREFIX)/lib/memcoord/,$(notdir $(policies)))
	rm -rf $(DESTDIR)$(PREFIX)/share/doc/memcoord $(DESTDIR)$(PREFIX)/share/memcoord

# ---- the house

format:
	clang-format -i $(formatted)

check-format:
	clang-format --dry-run -Werror $(formatted)

lint:
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability \
	  --inline-suppr --suppress=missingIncludeSystem -D__GNUC__ -Iinclude -Icore core policies

clean:
	rm -rf build memcoord policies/*.so
