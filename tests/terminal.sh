# SPDX-License-Identifier: MIT
# Sourced by the shell suites in which a person types at a shell: see helpers/ss_pty.c.

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

# play: the script on stdin, with a shell that has said "begin"
play() {
	command -v bash >/dev/null || skip "bash isn't installed"
	{
		cat <<-'END'
			send PS1='$ '; stty -echo; unset HISTFILE\n
			send echo be''gin\n
			expect begin
		END
		cat
		printf '%s\n' 'send exit\n' 'send exit\n'
	} | PATH=$HELPERS:$PATH "$HELPERS/ss_pty" bash --norc --noediting -i >typed 2>err
	r=$?
	[ "$r" -ne 98 ] || skip "no terminal can be made: $(cat err)"
	[ "$r" -ne 99 ] || fail "$(cat err)"
}

# Once and not twice is only seen in the transcript; a prompt may stand before it
count() {
	tr -d '\r' <typed | grep -c "$1\$"
}

# What is typed at a shell that has job control: a program that says its signals is stopped,
# continued, interrupted and ended
job_control() {
	printf '%s\n' 'send ss_catch\n' 'line ready'
	stop_and_end %1
}

# stop_and_end JOB: the same, once it is ready
stop_and_end() {
	cat <<-END
		send \\x1a
		expect Stopped
		send fg\\n
		line got 18
		send \\x03
		line got 2
		send \\x1a
		expect Stopped
		send kill -TERM $1; fg\\n
		line got 15
	END
}
