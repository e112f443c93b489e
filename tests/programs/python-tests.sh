# CPython's own tests (Debian's libpython3.11-testsuite), module by module, natively and with every process under km, as
# an ordinary user without a network: what passes natively has to pass under km, but for what python-tests.txt names.
# PYTHON_TESTS names modules to run instead of the list. Results and output are left in build/full/python-tests.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/lib/common.sh"
need_kvm
[ "$(id -u)" = 0 ] || skip "the tests' sandbox needs root"
case $KONTAIN_SDK in /tmp/*) fail "the tests' sandbox has a /tmp of its own, so the SDK cannot be in $KONTAIN_SDK" ;; esac
kept=$KONTAIN_SOURCE/build/full/python-tests
mkdir -p "$kept"
exec {lock}>"$kept/lock"
flock "$lock" # one run at a time: they leave their results in the same folder
# A folder that an ordinary user may enter, whatever the repository's is.
place=$(mktemp -d -p /var/tmp kontain-python-tests.XXXXXX)
trap 'rm -rf "$place"' EXIT
chmod 755 "$place"

# The interpreter, its library and the tests of one version, in a tree of their own: what is installed may be older.
unpack_python() {
  local package folder version
  version=$(apt-cache policy libpython3.11-testsuite | sed -n 's/^ *Candidate: //p')
  if [ "$(cat "$kept/version" 2>/dev/null)" != "$version" ]; then
    rm -f "$kept/version"
    for package in libpython3.11-testsuite libpython3.11-stdlib libpython3.11-minimal python3.11-minimal python3.11; do
      folder=$("$KONTAIN_SOURCE/tests/programs/fetch-package.sh" "$package")
      cp -a "$folder/usr" "$place/"
    done
    # As installing it does; files that are wrong on purpose do not compile.
    "$place/usr/bin/python3.11" -m compileall -q -j 2 "$place/usr/lib/python3.11" >"$kept/compile.log" 2>&1 || true
    tar -cf "$kept/tree.tar" -C "$place" usr
    echo "$version" >"$kept/version"
  else
    tar -xf "$kept/tree.tar" -C "$place"
  fi
}

unpack_python
# shellcheck disable=SC2086
/usr/bin/python3 "$KONTAIN_SOURCE/tests/programs/python_tests.py" --place "$place" --kept "$kept" ${PYTHON_TESTS:-}
