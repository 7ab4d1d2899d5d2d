#!/bin/sh
# SPDX-License-Identifier: MIT
# The completions in the shells themselves, from where make install puts them:
# bash and zsh on a terminal, fish by its complete -C.
# shellcheck disable=SC2016,SC2317	# $ for inner shells; the tests are called by name, in lib.sh

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
source=$(cd "$(dirname "$0")/../src/completion" && pwd)

programs="safespawn spawnbench"
[ ! -x "$BUILD/spawnaudit" ] || programs="$programs spawnaudit"

# arrange SHELL: what it looks for, as installed; files, and a command with a completion of its own
arrange() {
	command -v "$1" >/dev/null || skip "$1 isn't installed"
	mkdir -p share/bash-completion/completions share/zsh/site-functions \
		share/fish/vendor_completions.d bin home folder
	cp "$source/spawnutil.bash" share/bash-completion/completions/safespawn
	cp "$source/spawnutil.zsh" share/zsh/site-functions/_safespawn
	cp "$source/spawnutil.fish" share/fish/vendor_completions.d/safespawn.fish
	for program in spawnbench spawnaudit; do
		ln -s safespawn "share/bash-completion/completions/$program"
		ln -s safespawn.fish "share/fish/vendor_completions.d/$program.fish"
	done
	: >log.txt
	: >picture.png
	: >folder/inside
	: >bin/spuown
	chmod +x bin/spuown
	unset XDG_DATA_HOME XDG_CONFIG_HOME ZDOTDIR BASH_ENV PROMPT_COMMAND
	export PATH="$tmp/bin:$PATH" HOME="$tmp/home" TERM=dumb SPUOWN_VARIABLE=1
	export XDG_DATA_DIRS="$tmp/share:/usr/local/share:/usr/share"
}

# type_lines SHELL...: types what the file lines holds, and a key behind each: ^O writes the
# candidates to the file said, tab inserts. ^G writes "~" and what the line is then.
type_lines() {
	{
		echo 'expect ready> '
		sed "s/.*/send &\\\\$key\\\\x07/; a expect said>" lines
		printf '%s\n' 'send exit\n'
	} | "$HELPERS/ss_pty" "$@" >shown || fail "$1: $(cat shown)"
}

ask_bash() {
	[ -f /usr/share/bash-completion/bash_completion ] || skip "bash-completion isn't installed"
	cat >rc <<-'END'
		. /usr/share/bash-completion/bash_completion
		complete -W 'own-first own-second' spuown
		_completion_loader safespawn
		eval "found$(declare -f _spawnutil)"
		_spawnutil() {
			found_spawnutil "$@" 2>>errors
			printf '%s\n' "${COMPREPLY[@]}" >>said
		}
		finish() {
			printf '~%s\n' "$READLINE_LINE" >>said
			READLINE_LINE=
			echo 'said>'
		}
		echo $$ >pid
		bind 'set completion-query-items -1'
		bind 'set page-completions off'
		bind '"\C-o": possible-completions'
		bind -x '"\C-g": finish'
		PS1='ready> '
	END
	type_lines bash --noprofile --rcfile rc -i
}

ask_zsh() {
	cat >home/.zshrc <<-'END'
		fpath=(${XDG_DATA_DIRS%%:*}/zsh/site-functions $fpath)
		autoload -U compinit
		compinit -u -D
		_spuown() { _arguments '1:own:(own-first own-second)' }
		compdef _spuown spuown
		compadd() {
			local -a hits
			if [[ ${@[1,(i)(-|--)]} != *-(O|A|D)\ * ]]; then
				builtin compadd -O hits "$@"
				print -lr -- $hits >>said
			fi
			builtin compadd "$@"
		}
		finish() {
			zle -I
			print -r "~$BUFFER" >>said
			BUFFER=
			print 'said>'
		}
		zle -N finish
		bindkey '^O' list-choices
		setopt no_beep
		bindkey '^G' finish
		echo $$ >pid
		exec 2>errors
		LISTMAX=100000
		PS1='ready> '
	END
	type_lines zsh -d -i
}

ask_fish() {
	echo $$ >pid
	fish -c 'complete -c spuown -f -a "own-first own-second"
		while read line
			complete -C $line
			echo \~
		end' <lines >said 2>errors || fail "$(cat errors)"
}

# ask SHELL KEY: what it says to the first column of the table on stdin
ask() {
	key=$2
	arrange "$1"
	grep -E "^($(echo "$programs" | tr ' ' '|')) " >table
	sed 's/|.*//' table >lines
	: >said
	"ask_$1"
	[ -s table ] || fail "no table"
	[ ! -s errors ] || fail "$(cat errors)"
	same "lines answered" "$(wc -l <table)" "$(grep -c '^~' said)"
}

# offers SHELL: the table is LINE|CANDIDATES; a + stands before those that may have company
offers() {
	ask "$1" x0f
	# no description, nothing of what stands before already, no = or / at the end
	sed 's/^~.*/~/; s/	.*//; s/.*=\(.\)/\1/; s/.*[,:<>]//; s/[=/]$//' said |
		awk '/^~/ { n++; next } $0 != "" { print n + 1 "\t" $0 }' | sort -u >answers
	sed "s/@PID/$(cat pid)/" table | awk '
		FILENAME != "-" { said[$1] = said[$1] " " $2; next }
		{
			line = wanted = $0
			sub(/\|.*/, "", line)
			sub(/[^|]*\|/, "", wanted)
			got = substr(said[FNR], 2)
			if (sub(/^\+/, "", wanted) ? !index(" " got " ", " " wanted " ") : got != wanted)
				print line ": expected [" wanted "], got [" got "]"
		}' answers - >wrong
	[ ! -s wrong ] || fail "$1: $(cat wrong)"
}

# becomes SHELL: the table is LINE|LINE|, before and after the tab key
becomes() {
	ask "$1" x09
	sed -n 's/^~\(.*\)/\1|/p' said >after
	sed 's/[^|]*|//' table | diff - after >wrong || fail "$1: $(cat wrong)"
}

# Every option of every program
options() {
	for program in $programs; do
		printf '%s --|' "$program"
		ARGP_HELP_FMT=rmargin=9999 "$program" --help |
			sed -nE 's/^ +(-., )*(--[a-z0-9-]+).*/\2/p' | sort | paste -s -d ' '
	done
}

arguments() {
	cat <<-'END'
		safespawn -q --lea|--leaks
		safespawn --leaks=|allow close fail
		safespawn --leaks a|allow
		safespawn -m |posix_spawn vfork
		safespawn -qvm p|posix_spawn
		safespawn --rlimit=no|nofile
		safespawn --rlimit c|core cpu
		safespawn --rlimit=core=0:|
		safespawn -t 5 -s TE|TERM
		safespawn --signal=TE|TERM
		safespawn --pdeathsig US|USR1 USR2
		safespawn --block-signal=HU|HUP
		safespawn --default-signal=INT,TERM,HU|HUP
		safespawn --user=roo|+root
		safespawn --user=root:daem|+daemon
		safespawn --user nobody:roo|+root
		safespawn --gid=daem|+daemon
		safespawn --groups=root,daem|+daemon
		safespawn --unset=SPUOWN_|SPUOWN_VARIABLE
		safespawn -qu SPUOWN_|SPUOWN_VARIABLE
		safespawn --env-file=lo|log.txt
		safespawn -qo lo|log.txt
		safespawn --map-status=|
		safespawn -C fo|folder
		safespawn --root=|bin folder home share
		safespawn -r '1>>lo|log.txt
		safespawn --redirect='0<pic|picture.png
		safespawn --redirect "2>lo|log.txt
		safespawn -r '2>&|
		safespawn -t |
		safespawn -n |
		safespawn A=1 --leaks=al|allow
		safespawn A=b:c=d -r '0<log.txt' --leaks=al|allow
		spawnbench --methods=ra|raw
		spawnbench --methods=raw,spu_s|spu_system
		spawnbench --baseline ra|raw
		spawnbench --thp=|no yes
		spawnbench --child=spuo|spuown
		spawnbench --plot=pic|picture.png
		spawnbench --exec-method=mine=spuo|spuown
		spawnbench --exec-method=mi|
		spawnbench --rounds=|
		spawnbench lo|
		spawnaudit --fail-on=|held-up leak no-exec race stuck unsafe-fork
		spawnaudit --fail-on leak,u|unsafe-fork
		spawnaudit --log=lo|log.txt
		spawnaudit --gen-suppressions=lo|log.txt
		spawnaudit --attach=|+@PID
		spawnaudit -vp |+@PID
		spawnaudit --fds |+@PID
		spawnaudit --json --stuck 1 |+@PID
		spawnaudit -p 1 |
	END
}

commands() {
	cat <<-'END'
		safespawn spuo|spuown
		safespawn spuown |own-first own-second
		safespawn spuown own-f|own-first
		safespawn -qt 5 -C folder spuo|spuown
		safespawn -qt 5 -C folder spuown own-f|own-first
		safespawn --timeout 5 --keep-fd=0 spuown own-s|own-second
		safespawn --setpgid spuown own-s|own-second
		safespawn -r '0<log.txt' --redirect='1>/dev/null' spuown own-s|own-second
		safespawn A=1 spuown own-s|own-second
		safespawn -q A=1 -t5 B=x:y=z --exec spuown own-s|own-second
		safespawn -q A=1 spuo|spuown
		safespawn -- spuo|spuown
		safespawn -q -- spuown own-s|own-second
		safespawn -- --lea|
		safespawn spuown --lea|
		safespawn spuown --leaks=|
		safespawn safespawn --leaks=f|fail
		safespawn -q safespawn -q spuown own-s|own-second
		spawnaudit spuo|spuown
		spawnaudit --fail-on=leak -v spuown own-s|own-second
		spawnaudit spuown --fail-on=|
	END
}

# What only bash and zsh have: fish takes redirections for words, and has no tab key here
redirections() {
	cat <<-'END'
		safespawn 0<log.txt spuown own-f|own-first
		safespawn -q 2> log.txt spuo|spuown
		safespawn -t 5 >log.txt -C folder spuown own-s|own-second
	END
}

insertions() {
	cat <<-'END'
		safespawn --lea|safespawn --leaks=|
		safespawn --leaks=a|safespawn --leaks=allow |
		safespawn --rlimit=nof|safespawn --rlimit=nofile=|
		safespawn --rlimit nof|safespawn --rlimit nofile=|
		safespawn -r '1>>lo|safespawn -r '1>>log.txt' |
		safespawn -r "1>>lo|safespawn -r "1>>log.txt" |
		safespawn -C fo|safespawn -C folder/|
		safespawn --root=fo|safespawn --root=folder/|
		safespawn A=1 spuown own-f|safespawn A=1 spuown own-first |
		spawnbench --child=spuo|spawnbench --child=spuown |
		spawnbench --exec-method=mine=spuo|spawnbench --exec-method=mine=spuown |
		spawnbench --exec-method m:i=spuo|spawnbench --exec-method m:i=spuown |
		spawnaudit --log=lo|spawnaudit --log=log.txt |
	END
}

test_bash_knows_every_option() {
	options | offers bash
}

test_bash_completes_arguments() {
	arguments | offers bash
}

test_bash_completes_commands() {
	{
		commands
		redirections
	} | offers bash
}

test_bash_inserts_what_is_missing() {
	insertions | becomes bash
}

# zsh takes them away. A candidate that is alone would end them: so a folder is opened.
test_bash_keeps_quotes() {
	becomes bash <<-'END'
		safespawn --redirect='0<lo|safespawn --redirect='0<log.txt' |
		spawnbench --exec-method='mine=spuo|spawnbench --exec-method='mine=spuown' |
		safespawn -r '1>>fo|safespawn -r '1>>folder/inside' |
		safespawn --redirect="0<folder|safespawn --redirect="0<folder/inside" |
	END
}

test_zsh_knows_every_option() {
	options | offers zsh
}

test_zsh_completes_arguments() {
	ps -A >/dev/null 2>&1 || skip "zsh asks ps for processes, and for more than busybox's knows"
	arguments | offers zsh
}

test_zsh_completes_commands() {
	{
		commands
		redirections
	} | offers zsh
}

test_zsh_inserts_what_is_missing() {
	insertions | becomes zsh
}

test_fish_knows_every_option() {
	options | offers fish
}

test_fish_completes_arguments() {
	arguments | offers fish
}

test_fish_completes_commands() {
	commands | offers fish
}

# unknown FILE <HELP: a line for each kind of argument that --help has no words for and FILE no row
unknown() {
	cat >help
	{
		grep -E "^[[:space:]]*(case |['A-Z].*\))" "$1" | grep -oE '[A-Z]+'
		sed -n 's/^\([A-Z]*\): .*/\1/p' help
	} | sort -u >known
	grep -oE '^ +(-., )*--[a-z0-9-]+\[?=[A-Z]+' help | sed 's/.*=//' | sort -u |
		comm -23 - known
}

test_every_kind_of_argument_is_known() {
	for program in $programs; do
		ARGP_HELP_FMT=rmargin=9999 "$program" --help
	done >all
	for shell in bash zsh fish; do
		unknown "$source/spawnutil.$shell" <all | sed "s/^/$shell: /"
	done >found
	[ ! -s found ] || fail "$(cat found)"
	sed 's/=DIR/=PLANET/' all >changed
	for shell in bash zsh fish; do
		same "with a kind that $shell doesn't know" PLANET \
			"$(unknown "$source/spawnutil.$shell" <changed)"
	done
}

run_tests
