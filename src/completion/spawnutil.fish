# SPDX-License-Identifier: MIT
#
# Completion for safespawn, spawnbench and spawnaudit in fish, installed under the
# name of each. All that is known of the program is what its --help says: the
# options and what they take (--signal=SIG), the words for that (SIG: HUP INT ...),
# and what follows the options. How an argument is completed stands in
# __spawnutil_argument.

set -l program (status basename | string replace -r '\.fish$' '')
command -q $program
or exit

# What is typed, cut behind the last match of PATTERN: two lines
function __spawnutil_cut -a pattern
    commandline -ct | string replace -r '^--[^=]*=' '' | string replace -ar '["\'\\\\]' '' |
        string match -rg "^(.*$pattern)(.*)"
end

function __spawnutil_redirection
    set -l parts (__spawnutil_cut '[<>]')
    and set parts[2] (string escape -- $parts[2])
    and printf '%s\n' $parts[1](complete -C "__fish_command_without_completions $parts[2]")
end

function __spawnutil_named_command
    set -l parts (__spawnutil_cut =)
    and printf '%s\n' $parts[1](complete -C $parts[2])
end

function __spawnutil_user_and_group
    if set -l parts (__spawnutil_cut :)
        printf '%s\n' $parts[1](__fish_complete_groups)
    else
        __fish_complete_users
    end
end

# __spawnutil_argument ARGUMENT WORD...: what complete -a takes for it; nothing: files
function __spawnutil_argument -a argument
    set -l words $argv[2..]

    switch $argument
        case DIR
            echo '(__fish_complete_directories)'
        case 'FILE*'
        case SPEC
            echo '(__spawnutil_redirection)'
        case COMMAND
            echo '(complete -C (string replace -r "^--[^=]*=" "" -- (commandline -ct)))'
        case NAME=COMMAND
            echo '(__spawnutil_named_command)'
        case 'USER[:GROUP]'
            echo '(__spawnutil_user_and_group)'
        case GROUP
            echo '(__fish_complete_groups)'
        case 'GROUP[,GROUP]'
            echo '(__fish_append , (__fish_complete_groups))'
        case VARIABLE
            echo '(set --names -x)'
        case PID
            echo '(__fish_complete_pids)'
        case 'PID[,PID]'
            echo '(__fish_append , (__fish_complete_pids))'
        case ARG CPU DURATION 'FROM:TO*' MODE N 'N[*' PATTERN PERCENT PGID RULE 'SIZE*' WHICH
            echo '()'
        case '*=*'
            echo $words=
        case '*[,*'
            echo "(__fish_append , $words)"
        case '*'
            echo $words
    end
end

# The kind of what follows the options, and that itself
function __spawnutil_operand -a program
    set -l operands (__spawnutil_operands_$program)

    switch "$operands[1]"
        case COMMAND
            # An option behind -- is none, and complete -C takes one for its own
            string match -q -- '-*' $operands[2]
            or __fish_complete_subcommand --commandline $operands[2..]
        case PID
            __fish_complete_pids
    end
end

# Is the cursor before COMMAND's own arguments?
function __spawnutil_is_before -a program
    set -l operands (__spawnutil_operands_$program)

    not set -q operands[3]
    or test $operands[1] != COMMAND
end

set -l help (ARGP_HELP_FMT=rmargin=9999 LC_ALL=C command $program --help 2>/dev/null)
set -l operand none
set -l assigns
set -l operand_with     # OPTION=OPERAND: what follows instead
set -l specs            # of the options, for argparse

for line in $help
    if set -l parts (string match -rg '\[OPTION\.\.\.\] -+(\S+) ([A-Z]+)(\.*)$' -- $line)
        test -n "$parts[3]"
        or set parts[2] none
        set -a operand_with $parts[1]=$parts[2]
    else if string match -rq '\[OPTION\.\.\.\] .*COMMAND' -- $line
        set operand COMMAND
        set assigns (string match -r NAME=VALUE -- $line)
    else if set -l parts (string match -rg '^ +((?:-., )*)--([a-z0-9-]+)(\S*) *(.*)' -- $line)
        set -l argument (string replace -r '^\[=(.*)\]$' '=$1' -- $parts[3] |
            string replace -r '^=' '')
        set -l kind (string match -r '^[A-Z]+' -- $argument)
        set -l words (string match -rg "^$kind: (.*)" -- $help | string split ' ')
        test -n "$kind"
        or set words (string match -r '^[a-z|]*' -- $argument | string split '|')
        set -l option -c $program -n "__spawnutil_is_before $program" -l $parts[2] -d $parts[4]
        set -l spec $parts[2]
        if set -l short (string match -r '[A-Za-z0-9]' -- $parts[1])
            set -a option -s $short
            set spec $short/$spec
        end
        set -l files -F
        if set -l candidates (__spawnutil_argument $argument $words); and set -q candidates[1]
            set files -f -a "$candidates"
        end
        switch $parts[3]
            case ''
                complete $option
                set -a specs $spec
            case '[*'
                complete $option $files
                set -a specs $spec'=?'
            case '*'
                complete $option -r $files
                set -a specs $spec=
        end
    end
end

# Fails where an option waits for its argument.
function __spawnutil_operands_$program -V specs -V operand -V operand_with -V assigns
    set -l tokens (commandline -opc) (commandline -ct)

    set -e tokens[1]
    while argparse -s $specs -- $tokens 2>/dev/null
        for with in $operand_with
            set -l parts (string split = $with)
            set -q _flag_$parts[1]
            and set operand $parts[2]
        end
        if set -q assigns[1] argv[2]; and string match -rq '^[^=]+=' -- $argv[1]
            set tokens $argv[2..]
        else
            printf '%s\n' $operand $argv
            return
        end
    end
    return 1
end

complete -c $program -f -a "(__spawnutil_operand $program)"
