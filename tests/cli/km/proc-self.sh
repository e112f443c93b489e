# What a payload finds in /proc/self is its own, whatever path leads there, and as it is natively.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
python=/usr/bin/python3
probe=$KONTAIN_SOURCE/tests/cli/km/payloads

# Both runs begin in an empty folder and with the same environment.
in_scratch() {
  rm -rf scratch
  mkdir scratch
  (cd scratch && env -i LC_ALL=C MARK=value "$@")
}

in_scratch "$python" "$probe/proc_same.py" >native </dev/null
in_scratch "$km" "$python" "$probe/proc_same.py" >under-km </dev/null
grep -q 'openat True True' native || fail "the probe is wrong natively: $(cat native)"
diff -u native under-km || fail "/proc/self differs"
