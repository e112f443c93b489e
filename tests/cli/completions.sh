# The shell completions of the SDK, asked as bash asks them: each offers every verb and option that its program's help
# has, and none that the help does not know.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
make_workdir
PATH=$KONTAIN_SDK/bin:$KONTAIN_SDK/share/kontain/engines:$PATH
completions=$KONTAIN_SDK/share/bash-completion/completions
for file in "$completions"/*; do
  # shellcheck source=/dev/null
  . "$file"
done

# offered WORD...: what is offered for the last word of a command line, one a line.
offered() {
  local handler
  handler=$(complete -p "$1" | grep -o -- '-F [a-z_]*' | cut -c4-)
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  COMPREPLY=()
  "$handler"
  [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}" | sort -u
}
verbs_of() { "$1" --help | sed -n '/^Subcommands:/,$s/^  \([a-z][a-z-]*\) .*/\1/p' | sort -u; }
options_of() { "$@" --help | grep -oE -- '--[a-z][a-z0-9-]*' | sort -u; }
# same WHAT OFFERED HELP
same() {
  diff <(echo "$2" | grep -v '^$') <(echo "$3" | grep -v '^$') >difference || { cat difference; fail "$1: offered (<) and known (>) differ"; }
}

for program in kontain krun kontain-build; do
  verbs=$(verbs_of $program)
  [ "$(echo "$verbs" | wc -l)" -ge 10 ] || fail "$program: its help has no verbs"
  same "$program: verbs" "$(offered $program '' | grep -v '^-')" "$verbs"
  for verb in $verbs; do
    same "$program $verb: options" "$(offered $program "$verb" --)" "$(options_of $program "$verb")"
  done
done
same "km: options" "$(offered km --)" "$(options_of km)"
same "krun: options" "$(offered krun --)" "$(options_of krun)"
same "kontain-build: options" "$(offered kontain-build --)" "$(options_of kontain-build)"
same "krun-register: options" "$(offered krun-register --)" "$(options_of krun-register)"
same "krun-register: verbs" "$(offered krun-register '')" "$(printf 'add\nremove\nstatus\n')"
expect_equal "$(offered kontain st)" "$(printf 'stats\nstop\n')" "what begins with st"

# Values of an option, where the help lists them.
for option in log-format cgroup-manager rootless; do
  values=$(krun --help | sed -n "s/^  --$option TEXT:{\([a-z,]*\)}.*/\1/p" | tr , '\n' | sort)
  [ -n "$values" ] || fail "the help lists no values of --$option"
  same "krun --$option" "$(offered krun --$option '')" "$values"
done
for option in print compression network progress; do
  values=$(kontain-build --help | sed -n "s/^ *--$option TEXT:{\([a-z,]*\)}.*/\1/p" | tr , '\n' | sort)
  [ -n "$values" ] || fail "the help lists no values of --$option"
  same "kontain-build --$option" "$(offered kontain-build --$option '')" "$values"
done

# The compiler's and the linker's are accepted by them.
for program in kontain-gcc kontain-ld; do
  command -v $program >/dev/null || continue
  [ "$(offered $program - | wc -l)" -gt 20 ] || fail "$program: few options are offered"
  offered $program -st | grep -qx -- -static || fail "$program: -st is not completed"
done
touch a.c
expect_equal "$(offered kontain-gcc a)" a.c "a file"
offered km a | grep -qx a.c || fail "km: a program is not completed"
