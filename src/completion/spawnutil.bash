# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Completion for safespawn, spawnbench and spawnaudit in bash, with the functions of
# bash-completion. All that is known of the programs is what their --help says: the
# options and what they take (--signal=SIG), the words for that (SIG: HUP INT ...),
# and what follows the options. How an argument is completed stands in
# _spawnutil_argument.

# Fills options[OPTION]=ARGUMENT and words_of[ARGUMENT]=WORDS; operand and
# operand_with[OPTION], what follows the options; assigns, if that may be NAME=VALUE.
_spawnutil_read_help()
{
	local line option program=${1/#\~\//$HOME/}
	local is_option='^ +((-., )*)(--[a-z0-9-]+)([^ ]*)'
	local is_usage='\[OPTION\.\.\.\] (.*)'
	local is_operand_of='^(-[^ ]+) ([A-Z]+)(\.\.\.)?$'
	local is_words='^([A-Z]+): (.*)'

	while IFS= read -r line; do
		if [[ $line =~ $is_option ]]; then
			for option in ${BASH_REMATCH[1]//,/} "${BASH_REMATCH[3]}"; do
				options[$option]=${BASH_REMATCH[4]}
			done
		elif [[ $line =~ $is_words ]]; then
			words_of[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
		elif [[ $line =~ $is_usage ]]; then
			line=${BASH_REMATCH[1]}
			[[ $line == *NAME=VALUE* ]] && assigns=1
			if [[ $line =~ $is_operand_of ]]; then
				option=${BASH_REMATCH[1]}
				operand_with[$option]=${BASH_REMATCH[3]:+${BASH_REMATCH[2]}}
			elif [[ $line == *COMMAND* ]]; then
				operand=COMMAND
			fi
		fi
	done < <(ARGP_HELP_FMT=rmargin=9999 LC_ALL=C "$program" --help 2>/dev/null)
}

# A match that is alone ends the word and its quotes, so a directory that is alone
# gives what lies in it.
_spawnutil_redirection()
{
	local path=${value##*[<>]} found=()

	before=${value%"$path"}
	[[ $before ]] || return
	mapfile -t found < <(compgen -f -- "$path")
	while [[ ${#found[@]} -eq 1 && -d ${found[0]} ]]; do
		path=${found[0]}/
		mapfile -t found < <(compgen -f -- "$path")
		((${#found[@]})) || found=("$path")
	done
	COMPREPLY=("${found[@]/#/$before}")
}

# _spawnutil_argument ARGUMENT: $cur is such a one
_spawnutil_argument()
{
	local argument=$1 value before='' after='' kept=''

	[[ $argument == \[* ]] && argument=${argument:1:-1}
	argument=${argument#=}
	# Of a word without quotes readline replaces what stands behind = and :
	case $cur in
	[\'\"]*) cur=${cur:1} ;;
	*) kept=${cur%"${cur##*[=:]}"} ;;
	esac
	value=$cur
	case $argument in
	*=*)	# two, with = between
		if [[ $value == *=* ]]; then
			argument=${argument#*=}
			before=${value%%=*}= value=${value#*=}
		else
			argument=${argument%%=*} after='='
			compopt -o nospace
		fi
		;;
	*\[,*)	# several, with commas between
		argument=${argument%%\[,*}
		before=${value%"${value##*,}"} value=${value##*,}
		;;
	*\[:*\])	# two, with a colon between
		if [[ $value == *:* ]]; then
			argument=${argument#*\[:} argument=${argument%]}
			before=${value%%:*}: value=${value#*:}
		else
			argument=${argument%%\[*}
		fi
		;;
	esac

	local how=()
	case $argument in
	DIR) _filedir -d ;;
	FILE) _filedir ;;
	FILE.*) _filedir "${argument#*.}" ;;
	SPEC) _spawnutil_redirection ;;
	COMMAND) how=(-c) ;;
	USER) how=(-u) ;;
	GROUP) how=(-g) ;;
	VARIABLE) how=(-e) ;;
	PID) how=(-W "$(cd /proc && echo [0-9]*)") ;;
	[a-z]*) how=(-W "${argument//|/ }") ;;
	'' | ARG | CPU | DURATION | FROM:TO | MODE | N | NAME) ;;
	PATTERN | PERCENT | PGID | RULE | SIZE | SOFT* | WHICH) ;;
	*) how=(-W "${words_of[$argument]-}") ;;
	esac
	((${#how[@]})) &&
		mapfile -t COMPREPLY < <(compgen -P "$before" -S "$after" "${how[@]}" -- "$value")
	COMPREPLY=("${COMPREPLY[@]#"$kept"}")
}

_spawnutil_option()
{
	local option list=()

	for option in "${!options[@]}"; do
		case $option${options[$option]} in
		--*\[=*) list+=("$option" "$option=") ;;
		--*=*) list+=("$option=") ;;
		--*) list+=("$option") ;;
		esac
	done
	mapfile -t COMPREPLY < <(compgen -W "${list[*]}" -- "$cur")
	[[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}

# _spawnutil_command INDEX: the words from that one on are a command. COMP_WORDS has them in
# more pieces.
_spawnutil_command()
{
	local i at=0 word

	for ((i = 0; i < $1; i++)); do
		word=${COMP_WORDS[at++]}
		while [[ $word != "${words[i]}" && $at -lt $COMP_CWORD ]]; do
			word+=${COMP_WORDS[at++]}
		done
	done
	_command_offset $at
}

_spawnutil()
{
	local -A options words_of operand_with
	local operand='' assigns='' argument='' ended=''
	# shellcheck disable=SC2034	# _init_completion sets prev, and acts on sudo's split
	local cur prev words cword i j word split=''

	_init_completion -n =: || return
	# The redirections again, which it takes out
	_get_comp_words_by_ref -n =: words cword
	_spawnutil_read_help "$1"

	# To the operand, the cursor (then i is cword), or beyond: it is at an option's argument
	for ((i = 1; i < cword; i++)); do
		word=${words[i]} argument=''
		case $word in
		--)
			ended=1
			((i++))
			break
			;;
		--*)
			argument=${options[$word]-}
			;;
		-?*)
			for ((j = 1; j < ${#word}; j++)); do
				argument=${options[-${word:j:1}]-}
				[[ $argument == =* ]] || continue
				((j + 1 < ${#word})) && argument=''
				break
			done
			;;
		[\<\>]*)
			((i++))
			continue
			;;
		*)
			[[ ${words[i + 1]-} == [\<\>]* && $word == [0-9] ]] && continue
			[[ $assigns && $word == *=* || $operand != COMMAND ]] && continue
			break
			;;
		esac
		[[ ${operand_with[${word%%=*}]+set} ]] && operand=${operand_with[${word%%=*}]}
		[[ $argument == =* ]] && ((i++))
	done

	if ((i > cword)); then
		_spawnutil_argument "$argument"
	elif [[ $cur == --*=* && ! $ended && i -eq cword ]]; then
		argument=${options[${cur%%=*}]-} cur=${cur#*=}
		_spawnutil_argument "$argument"
	elif [[ $cur == -* && ! $ended && i -eq cword ]]; then
		_spawnutil_option
	elif [[ $operand == COMMAND ]]; then
		_spawnutil_command "$i"
	else
		_spawnutil_argument "=$operand"
	fi
}

complete -F _spawnutil safespawn spawnbench spawnaudit
