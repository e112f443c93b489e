#!/bin/bash
# The commands of docs/krun.md do what it says; the completion knows every verb and global option, the manual page too.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_workdir
export PATH=$KONTAIN_SDK/bin:$PATH
: >usage.txt
python3 "$KONTAIN_SOURCE/tests/docs/run_blocks.py" "$KONTAIN_SOURCE/docs/krun.md" usage.txt >out 2>&1 ||
  fail "docs/krun.md: $(cat out)"
expect_contains out .kontain

command krun --help >help
verbs=$(sed -n '/^Subcommands:/,$ s/^  \([a-z]\+\).*/\1/p' help)
options=$(sed -n '/^Options:/,/^Subcommands:/ s/.*\(--[a-z-]\+\).*/\1/p' help)
[ "$(wc -w <<<"$verbs")" -ge 17 ] || fail "verbs in --help: $verbs"
[ "$(wc -w <<<"$options")" -ge 9 ] || fail "options in --help: $options"
# shellcheck disable=SC1090
. "$KONTAIN_SOURCE/packaging/completions/krun"
complete_words() {
  COMP_WORDS=("$@")
  COMP_CWORD=$(($# - 1))
  _krun
}
complete_words krun ""
for verb in $verbs; do
  [[ " ${COMPREPLY[*]} " == *" $verb "* ]] || fail "the completion does not know $verb"
  grep -qE "^\.(It )?Cm .*\b$verb\b" "$KONTAIN_SOURCE/docs/man/krun.1" ||
    fail "the manual page does not know $verb"
done
complete_words krun --
for option in $options; do
  [[ " ${COMPREPLY[*]} " == *" $option "* ]] || fail "the completion does not know $option"
  grep -qE -- "Fl -?${option#--}|-${option#--}" "$KONTAIN_SOURCE/docs/man/krun.1" || fail "the manual page does not know $option"
done
complete_words krun exec --
[[ " ${COMPREPLY[*]} " == *" --cwd "* ]] || fail "the completion does not know exec's options"
