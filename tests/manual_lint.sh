#!/bin/sh
# SPDX-License-Identifier: MIT
# The manual against itself, the header, the symbol map and the programs' --help.

# shellcheck disable=SC2317	# the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
top=$(cd "$(dirname "$0")/.." && pwd)

need() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
}

# equal WHAT FILE WHAT FILE: two lists, one entry a line
equal() {
	sort -u "$2" >left
	sort -u "$4" >right
	cmp -s left right || fail "only in $1:" "$(comm -23 left right)" \
		"/ only in $3:" "$(comm -13 left right)"
}

# lint PAGE: pages of others may be missing where the check runs, so that isn't asked here
lint() {
	MANPATH=/nonexistent mandoc -T lint -W style "$1" 2>/dev/null |
		grep -v 'STYLE: referenced manual not found:'
}

test_every_page_lints_clean() {
	need mandoc
	for page in "$top"/man/*.[1-8]; do
		lint "$page"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_lint_finds_a_fault() {
	need mandoc
	sed 's/^\.Sh SEE ALSO/.Sh EXAMPLES\n.Xx\n&/' "$top/man/spu_wait.3" >bad.3
	[ -n "$(lint bad.3)" ] || fail "a page with faults lints clean"
}

# words_as_macros PAGE...: "No" of "No such file" is a macro on lines that mdoc parses, and isn't
# shown. Headings and displayed lines hold plain text; elsewhere the English words are looked for.
words_as_macros() {
	awk '
	BEGIN {
		split("Ac Ad An Ao Ap Aq Ar At Bc Bo Bq Brc Bro Brq Bx Cd Cm Dc Do Dq Dv Dx Ec Em En " \
			"Eo Er Es Ev Fa Fc Fl Fn Fo Fr Ft Fx Hf Ic In Lb Li Lk Ms Mt Nm No Ns Nx Oc Oo Op " \
			"Ot Ox Pa Pc Pf Po Pq Qc Ql Qo Qq Rv Sc Sm So Sq St Sx Sy Ta Tn Ud Ux Va Vt Xc Xo Xr",
			names)
		for (i in names)
			macro[names[i]] = 1
		split("An At Do In So", names)
		for (i in names)
			word[names[i]] = 1
	}
	/^\.[A-Z]/ {
		plain = $1 ~ /^\.(Sh|Ss|Nd|Dl|D1)$/
		for (i = 2; i <= NF; i++)
			if (plain ? $i in macro : $i in word)
				print FILENAME ":" FNR ": " $i " is a macro here: \\&" $i
	}' "$@"
}

test_words_that_are_macros_are_shown_as_words() {
	words_as_macros "$top"/man/*.[1-8] >found
	[ ! -s found ] || fail "$(cat found)"
	printf '%s\n' '.Ss In place of system' '.Dl open x: No such file' '.It At the end' \
		'.It Fa cwd , No or' '.Dl open x: \&No such file' 'In a line of text' >page
	same "of three faults" "page:1 page:2 page:3" \
		"$(words_as_macros page | sed 's/: .*//' | tr '\n' ' ' | sed 's/ $//')"
}

# unclosed_quotes PAGE...: a quote reaches to the end of its line, and closes before what
# punctuation ends it with
unclosed_quotes() {
	awk '
	/^\.[A-Z]/ {
		$1 = substr($1, 2)
		for (i = 1; i <= NF; i++)
			if ($i ~ /^(Ql|Sq|Dq|Qq)$/)
				break
		for (j = i + 1; j <= NF; j++)
			if ($j ~ /^(No|Ql|Sq|Dq|Qq)$/ ||
			    ($j ~ /^[,;]$/ && j > i + 1 && $(j + 1) ~ /^[A-Za-z]/))
				print FILENAME ":" FNR ": " $i " reaches to the end of the line: " $0
	}' "$@"
}

test_a_quote_ends_where_its_line_does() {
	unclosed_quotes "$top"/man/*.[1-8] >found
	[ ! -s found ] || fail "$(cat found)"
	printf '%s\n' '.Pq but Ql * No and Ql ? No fit' '.Sq where , within' '.Ql - ,' '.Ql .' \
		'.Dq a b ;' '.Pq Fn wait No until Er ECHILD' >page
	same "of two faults" "page:1 page:2" \
		"$(unclosed_quotes page | sed 's/: .*//' | uniq | tr '\n' ' ' | sed 's/ $//')"
}

# uncopyable PAGE...: what troff shows otherwise in a literal block than who copies it needs
uncopyable() {
	awk '
	/^\.Bd .*-literal/ { inside = 1; next }
	/^\.Ed/ { inside = 0 }
	inside {
		plain = $0
		gsub(/\\(e|&|-|\((aq|ga|ha|ti|dq|rs))/, "", plain)
		if (plain ~ /[-\047`^~\\]/)
			print FILENAME ":" FNR ": write \\-, \\(aq, \\(ga, \\(ha, \\(ti, \\e: " $0
	}' "$@"
}

test_what_is_copied_from_a_literal_block_is_what_stands_there() {
	uncopyable "$top"/man/*.[1-8] >found
	[ ! -s found ] || fail "$(cat found)"
	printf '%s\n' '.Bd -literal' 'printf("\n");' 'ls -l' 'ls \-l \(aqx\(aq' "echo 'x'" '.Ed' \
		'well-known' >page
	same "of three faults" "page:2 page:3 page:5" \
		"$(uncopyable page | sed 's/: .*//' | tr '\n' ' ' | sed 's/ $//')"
}

# too_wide WHAT: of a page on stdin
too_wide() {
	mandoc -T ascii 2>/dev/null | col -bx | awk -v what="$1" 'length > 80 { print what ": " $0 }'
}

test_every_page_fits_80_columns() {
	need mandoc
	need col
	for page in "$top"/man/*.[1-8]; do
		too_wide "${page##*/}" <"$page"
	done >found
	[ ! -s found ] || fail "$(cat found)"
	sed "s/^\.Sh SEE ALSO/.Sh EXAMPLES\n.Bd -literal\n$(printf '%081d' 0)\n.Ed\n&/" \
		"$top/man/spu_version.3" >wide
	[ -n "$(too_wide "a page" <wide)" ] || fail "a line of 86 columns wasn't found"
}

test_every_page_names_the_system() {
	grep -L '^\.Os Linux$' "$top"/man/*.[1-8] >found
	[ ! -s found ] || fail "not .Os Linux: $(cat found)"
}

test_sections_stand_in_one_order() {
	cat >order <<-'END'
		NAME
		LIBRARY
		SYNOPSIS
		DESCRIPTION
		OPTIONS
		RETURN VALUES
		ENVIRONMENT
		FILES
		EXIT STATUS
		EXAMPLES
		DIAGNOSTICS
		ERRORS
		THREAD SAFETY
		SEE ALSO
		STANDARDS
		HISTORY
		AUTHORS
		CAVEATS
		BUGS
		SECURITY CONSIDERATIONS
	END
	for page in "$top"/man/*.[37]; do
		sed -n 's/^\.Sh //p' "$page" |
			awk -v page="${page##*/}" '
			FILENAME != "-" { place[$0] = FNR; next }
			!($0 in place) { print page ": unknown section " $0; next }
			place[$0] <= last { print page ": " $0 " comes too late" }
			{ last = place[$0] }' order -
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_every_page_of_functions_says_since_when_there_are_any() {
	grep -L '^\.Sh HISTORY$' "$top"/man/*.3 >found
	[ ! -s found ] || fail "no HISTORY: $(cat found)"
}

# names PAGE: what its NAME section lists
names() {
	awk '/^\.Sh/ { inside = $2 == "NAME" } inside && $1 == ".Nm" { print $2 }' "$1"
}

test_references_between_our_pages_resolve() {
	for page in "$top"/man/*.[1-8]; do
		names "$page" | sed "s/\$/ ${page##*.}/"
	done >have
	awk '$1 == ".Xr" && $2 ~ /^(spu_|spawn(util|bench|audit)|safespawn)/ { print $2, $3 }' \
		"$top"/man/*.[1-8] | sort -u >wanted
	sort -u have | comm -13 - wanted >missing
	[ ! -s missing ] || fail "no such page: $(cat missing)"
}

declared_functions() {
	${CC:-cc} -E -P -x c "$top/src/spawnutil.h" | grep -oE '\bspu_[a-z0-9_]+ *\(' | tr -d ' ('
}

mapped_symbols() {
	sed -n '/global:/,/local:/p' "$1" | grep -oE '\bspu_[a-z0-9_]+ *;' | tr -d ' ;'
}

# Macros that are more than a number: who asks man for a constant finds the member that takes it.
# Those that end with an underscore are for other macros.
declared_macros() {
	sed -n 's/^#define \(SPU_[A-Z_]*[A-Z]\)\((\| [{"\\]\).*/\1/p' "$top/src/spawnutil.h"
}

public_names() {
	declared_functions
	sed -n 's/^struct \(spu_[a-z_]*\) {$/\1/p' "$top/src/spawnutil.h"
	declared_macros
}

test_symbol_map_equals_header() {
	map=$top/src/lib/libspawnutil.map
	[ -f "$map" ] || fail "no $map"
	mapped_symbols "$map" >mapped
	declared_functions >declared
	equal "the map" mapped "the header" declared
}

test_every_call_is_tried_with_no_memory_left() {
	suite=check_allocation.c
	declared_functions | sort -u | while read -r name; do
		grep -qE "[(= ]$name[(,]" "$top/tests/$suite" || echo "$name"
	done >found
	[ ! -s found ] || fail "not in $suite: $(cat found)"
}

test_shared_library_exports_what_the_header_declares() {
	need nm
	[ -f "$BUILD/libspawnutil.so" ] || fail "no libspawnutil.so in the build directory"
	nm -D --defined-only "$BUILD/libspawnutil.so" |
		awk '$2 != "A" && $3 !~ /^(__gcov|__asan|__tsan|__ubsan|__llvm|__wrap_)/ {
			sub(/@.*/, "", $3); print $3 }' >exported
	declared_functions >declared
	equal "the library" exported "the header" declared
}

test_every_public_name_has_its_page() {
	public_names >declared
	for name in spu_spawn spu_child spu_audit_fd SPU_OPTIONS SPU_OPTIONS_INIT SPU_ARGV SPU_VERSION; do
		grep -qx "$name" declared || fail "$name wasn't found in the header"
	done
	for page in "$top"/man/*.3; do
		names "$page" | grep -vx spawnutil
	done >named
	equal "the manual" named "the header" declared
}

test_every_macro_and_struct_stands_in_the_synopsis_of_its_page() {
	public_names | grep -vxF "$(declared_functions)" | sort -u | while read -r name; do
		page=$(grep -lE "^\\.Nm $name( ,)?\$" "$top"/man/*.3)
		awk -v name="$name" '/^\.Sh/ { inside = $2 == "SYNOPSIS" }
			inside && ($0 == "struct " name " {" || $1 " " $2 == ".Fd #define" &&
				substr($3 "(", 1, length(name) + 1) == name "(") { found = 1 }
			END { exit !found }' "$page" || echo "$name: no synopsis in ${page##*/}"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_every_function_stands_in_a_synopsis_and_in_the_overview() {
	declared_functions | sort -u | while read -r name; do
		page=$(grep -lE "^\\.Nm $name( ,)?\$" "$top"/man/*.3)
		awk -v name="$name" '/^\.Sh/ { inside = $2 == "SYNOPSIS" }
			inside && ($1 == ".Fo" || $1 == ".Fn") && $2 == name { found = 1 }
			END { exit !found }' "$page" || echo "$name: no synopsis in ${page##*/}"
		grep -q "^\\.It $name Ta Xr $(basename "$page" .3) 3 Ta" "$top/man/spawnutil.3" ||
			echo "$name: not in spawnutil.3's list, or under another page"
	done >found
	[ ! -s found ] || fail "$(cat found)"
}

test_every_public_macro_is_described() {
	grep -oE '^#define SPU_[A-Z_]+' "$top/src/spawnutil.h" | sed 's/.* //; /_$/d' | sort -u >macros
	cat "$top"/man/*.[37] | grep -v '^\.Dt' | grep -oE '\bSPU_[A-Z_]+' | sort -u |
		comm -23 macros - >missing
	[ ! -s missing ] || fail "not described: $(cat missing)"
}

test_every_member_of_a_public_struct_is_described() {
	${CC:-cc} -E -P -x c "$top/src/spawnutil.h" | sed 's/ *;/;/' | tr '\n' ' ' |
		grep -oE 'struct spu_[a-z_]+ \{[^}]*\}' | tr '{;' '\n' | sed -n 's/\[.*//; s/.*[ *]\([a-z_]*\)$/\1/p' | sort -u >members
	for member in pidfd env_unset foreground stop_signal text; do
		grep -qx $member members || fail "$member wasn't found"
	done
	while read -r member; do
		case $member in reserved | reserved_word) continue ;; esac
		grep -qE "^\\.(It )?(Fa|Va|Li) .*\\b$member\\b|[	 *]$member(\\[.*)?;" "$top"/man/*.3 ||
			echo "$member"
	done <members >missing
	[ ! -s missing ] || fail "not described: $(cat missing)"
}

# "name" as the third column of the table has it, against .It / .Sy name :
test_steps_stand_in_the_order_of_the_plan() {
	sed -n 's/^	X([A-Z_]*, SPU_STEP_[A-Z_]*, "\([a-z-]*\)".*/\1/p' "$top/src/lib/plan/step.h" |
		uniq >plan
	awk '$1 == ".Bl" { list = $2 } $1 == ".El" { list = "" }
		item && $1 == ".Sy" { print $2 } { item = list == "-enum" && $1 == ".It" }' \
		"$top/man/spawnutil.7" | uniq >manual
	[ -s plan ] || fail "no steps found in step.h"
	diff plan manual >difference || fail "step.h and spawnutil(7): $(cat difference)"
}

test_the_calls_that_a_filter_must_let_through_are_those_that_are_tried() {
	awk '/^#else/ { other = 1 } /^#endif/ { other = 0 } other { next }
		/ always\[\] =/ { what = "always" } /^};/ { what = "" }
		/page: \*\// { rows = 1 } /stream.s own/ { rows = 0 }
		rows && /^	\{"/ { split($0, part, "\""); what = part[2] }
		what && (rows || what == "always") {
			while (match($0, /SYS_[a-z0-9_]+/)) {
				print what, substr($0, RSTART + 4, RLENGTH - 4)
				$0 = substr($0, RSTART + RLENGTH)
			}
		}' "$top/tests/check_server_filter.c" | sort -u >tried
	awk '/^\.S[hs] / { inside = /Behind a system call filter/; what = "always" }
		inside && $1 == ".It" { what = $3 }
		inside && $1 == ".Xr" && $3 == 2 { print what, $2 }' \
		"$top/man/spu_server_start.3" >listed
	[ "$(grep -c '^always ' tried)" -gt 20 ] && grep -q '^input write$' tried || fail "$(cat tried)"
	equal "the test" tried "spu_server_start(3)" listed
}

# Whose test compares what the method makes of those that it carries with what ours makes
test_posix_spawn_carries_or_refuses_every_option() {
	sed -n '/^struct spu_options {/,/^};/s/^	[a-z].*[ *]\([a-z_]*\) SPU_0_;.*/\1/p' \
		"$top/src/spawnutil.h" |
		grep -vxE 'reserved.*|flags|method|server|.*_count|ret_exit|grace_ms|stop_signal' |
		sort >members
	sed -n '/^The method carries/,/^It refuses every/s/^\.Fa \([a-z_]*\).*/\1/p' \
		"$top/man/spawnutil.7" | sort >carried
	awk '/_is_refused_by_name/ { inside = 1 } /^END_TEST/ { inside = 0 } inside' \
		"$top/tests/check_methods.c" >refusals
	grep -oE '\.[a-z_]+ =' refusals | tr -d ' .=' |
		grep -vxE 'flags|method|.*_count' | sort -u | grep -vxF scheduler >refused
	[ "$(wc -l <members)" -gt 35 ] || fail "$(cat members)"
	sort carried refused >either
	equal "the header" members "the page or its refusals" either
}

# The options of an argp --help: what stands before two spaces
help_options() {
	"$1" --help | sed -n 's/^ *\(-.*\)/\1/p' | sed 's/  .*//' | tr ',' '\n' |
		sed -n 's/^ *\(--[a-z0-9-]*\).*/\1/p; s/^ *\(-[A-Za-z0-9?]\)\($\|[^-a-z].*\)/\1/p'
}

# .It Fl x , Fl Fl long Ns = Ns Ar WHAT, or Fl -long
page_options() {
	grep '^\.It .*Fl' "$1" | sed 's/\\-/-/g; s/\\&//g; s/Fl Fl /Fl -/g' | tr ' ' '\n' |
		awk 'last == "Fl" { print "-" $0 } { last = $0 }' | sed 's/=.*//'
}

check_options() {
	page=$top/man/$1.1
	[ -f "$page" ] || fail "no $page"
	help_options "$BUILD/$1" >helped
	page_options "$page" >described
	[ -s helped ] || fail "$1 --help lists no option"
	equal "$1 --help" helped "$1(1)" described
	same "$1 -h" "$("$BUILD/$1" --help)" "$("$BUILD/$1" -h)"
}

test_safespawn_options_equal_its_page() {
	check_options safespawn
}

# unknown_keys PAGE: those of the JSON on stdin that the page doesn't have as literals or variables
unknown_keys() {
	grep -oE '"[a-z_0-9]+":' | tr -d '":' | sort -u | while read -r key; do
		grep -qE "^\\.(It )?(Pq |Po )?(Li|Va) (.* )?$key( |\$)" "$1" || echo "$key"
	done
}

test_every_key_of_safespawns_json_is_described() {
	{
		exec 5</dev/null
		safespawn --json --audit
		safespawn -q --json --stats true
		safespawn -q --json -v --preload -r '1>x' --explain true
	} >json 2>&1
	for key in leaks max_rss_kib candidates; do
		grep -q "\"$key\":" json || fail "no $key: $(cat json)"
	done
	same "not described" "" "$(unknown_keys "$top/man/safespawn.1" <json | tr '\n' ' ')"
}

# As pairs: "--exec excludes --stats", the two in order; "--uid needs --groups"; "COMMAND ..."
rules_of_settings() {
	grep -oE '"[^"]*(excludes?|needs) [^"]*"' "$top/src/safespawn/settings.c" | tr -d '"' | awk '
		{ verb = /exclude/ ? "excludes" : "needs" }
		/^NAME/ { next }
		/needs a COMMAND/ { print "COMMAND", "needs", $1; next }
		/exclude each other/ { print $1, verb, $3; next }
		{ sub(/:.*/, "")
			for (i = 3; i <= NF; i++)
				if ($i ~ /^--/) print $1, verb, $i }' | sed 's/,//g; s/=[^ ]*//g'
}

rules_of_the_page() {
	awk '/^\.S[hs] / { inside = /exclude or need/ } !inside { next }
		$1 == ".It" { who = "-" $3; verb = $5 }
		/^These need one/ { who = "COMMAND"; verb = "needs" }
		/^What/ { who = "" }
		$1 == ".Fl" && who {
			for (i = 2; i <= NF && $i != "Ns"; i++)
				if ($i ~ /^-/) print who, verb, "-" $i
		}' "$top/man/safespawn.1"
}

one_order() {
	awk '$2 == "excludes" && $1 > $3 { print $3, $2, $1; next } { print }'
}

test_options_that_safespawn_refuses_together_are_listed() {
	rules_of_settings | one_order | sort -u >refused
	[ "$(wc -l <refused)" -gt 40 ] && grep -q '^--json needs --stats$' refused ||
		fail "$(cat refused)"
	rules_of_the_page | one_order | sort -u >listed
	equal "settings.c" refused "safespawn(1)" listed
}

test_spawnbench_options_equal_its_page() {
	check_options spawnbench
}

test_spawnaudit_options_equal_its_page() {
	[ -x "$BUILD/spawnaudit" ] || skip "spawnaudit wasn't built: libdw is missing"
	check_options spawnaudit
}

run_tests
