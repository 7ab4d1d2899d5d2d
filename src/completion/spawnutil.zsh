#compdef safespawn spawnbench spawnaudit
# SPDX-License-Identifier: MIT
#
# Completion for safespawn, spawnbench and spawnaudit in zsh. All that is known of
# the programs is what their --help says: the options and what they take
# (--signal=SIG), the words for that (SIG: HUP INT ...), and what follows the
# options. How an argument is completed stands in _spawnutil_argument.

# _spawnutil_argument N: what arguments[N] says
_spawnutil_argument() {
	local argument=$arguments[$1] expl
	local -a list after how

	case $argument in
	*=*)	# two, with = between
		if compset -P '*='; then
			argument=${argument#*=}
		else
			argument=${argument%%=*} after=(-q -S =)
		fi
		;;
	*\[,*)	# several, with commas between
		argument=${argument%%\[,*} list=(_sequence)
		;;
	*\[:*\])	# two, with a colon between
		if compset -P '*:'; then
			argument=${${argument#*\[:}%]}
		else
			argument=${argument%%\[*}
		fi
		;;
	esac
	case $argument in
	DIR) how=(_directories) ;;
	FILE) how=(_files) ;;
	FILE.*) how=(_files -g "*.(${argument#*.})") ;;
	SPEC) compset -P '*[<>]' && how=(_files) ;;
	COMMAND) how=(_command_names -e) ;;
	USER) how=(_users) ;;
	GROUP) how=(_groups) ;;
	VARIABLE) how=(_parameters -g '*export*') ;;
	PID) how=(_pids) ;;
	[a-z]*) how=(compadd - ${(s:|:)argument}) ;;
	''|ARG|CPU|DURATION|FROM:TO|MODE|N|NAME|PATTERN|PERCENT|PGID|RULE|SIZE|SOFT*|WHICH) ;;
	*) how=(compadd $after - ${=words_of[$argument]}) ;;
	esac
	if (( $#how )); then
		_wanted arguments expl $argument $list $how
	else
		_message -e arguments "$argument"
	fi
}

# What follows the options; words begins there.
_spawnutil_operand() {
	local option

	for option in ${(k)operand_with}; do
		(( $+opt_args[$option] )) && operand=$operand_with[$option]
	done
	if [[ $operand != COMMAND ]]; then
		arguments=($operand)
		_spawnutil_argument 1
	elif [[ $assigns = 1 && $words[1] = [^=]##=* ]]; then
		if (( CURRENT == 1 )); then
			compset -P '*='
			_files
		else
			words[1]=$program	# the same without it
			_spawnutil
		fi
	else
		_normal -p $service
	fi
}

_spawnutil() {
	local program=$words[1] operand line long text
	local -a match mbegin mend shorts arguments specs
	local -A words_of operand_with opt_args
	integer assigns=0

	for line in ${(f)"$(_call_program options \
			ARGP_HELP_FMT=rmargin=9999 LC_ALL=C $program --help 2>/dev/null)"}; do
		if [[ $line =~ '^ +((-., )*)(--[a-z0-9-]+)([^ ]*) *(.*)$' ]]; then
			shorts=(${=match[1]//,/}) long=$match[3]
			text="[${match[5]//(#m)[]:[\\]/\\$MATCH}]"
			case $match[4] in
			'')
				specs+=(\*${^shorts}$text "*$long$text")
				;;
			\=*)
				arguments+=(${match[4]#=})
				text+=":${arguments[-1]//:/\\:}: _spawnutil_argument $#arguments"
				specs+=(\*${^shorts}+$text "*$long=$text")
				;;
			*)
				arguments+=(${match[4][3,-2]})
				text+="::${arguments[-1]//:/\\:}: _spawnutil_argument $#arguments"
				specs+=("*$long=-$text")
				;;
			esac
		elif [[ $line =~ '^([A-Z]+): (.*)' ]]; then
			words_of[$match[1]]=$match[2]
		elif [[ $line =~ '\[OPTION\.\.\.\] (.*)' ]]; then
			line=$match[1]
			[[ $line = *NAME=VALUE* ]] && assigns=1
			if [[ $line =~ '^(-[^ ]+) ([A-Z]+)(\.\.\.)?$' ]]; then
				operand_with[$match[1]]=${match[3]:+$match[2]}
			elif [[ $line = *COMMAND* ]]; then
				operand=COMMAND
			fi
		fi
	done
	(( $#operand )) && specs+=('*::: :_spawnutil_operand')
	_arguments -s -S $specs
}

_spawnutil
