# bash: a script of everything that needs processes, then job control on a terminal.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
bash_script() {
  # Whether bash tells of a job that was terminated before it is waited for is a matter of time.
  "${run[@]}" /bin/bash "$payloads/shell.bash" one 'two  words' 2>&1 |
    sed -E 's/^real [0-9]+\.[0-9]+$/real TIME/; s/(line [0-9]+:) +[0-9]+ /\1 PID /; /^\[[0-9]+\].  Terminated /d'
}
both_ways bash_script
expect_contains native.out "the script ended"

job_control() { /usr/bin/python3 "$payloads/terminal.py" "${run[@]}" /bin/bash --norc --noprofile -i; }
both_ways job_control
expect_contains native.out "Stopped"

# A terminal that the payload makes itself.
own_terminal() { "${run[@]}" script -qec 'tty >/dev/null && stty -a | grep -o "icanon" && echo "on a terminal"' /dev/null; }
both_ways own_terminal
expect_contains native.out "on a terminal"
