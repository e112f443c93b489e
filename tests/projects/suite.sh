#!/bin/bash
# suite.sh NAME: builds the project NAME from Debian's source package by its own build system, untouched, with
# CC=kontain-gcc and CXX=kontain-g++, and runs its own tests twice: natively, and with everything (make and shells too)
# under km. Both have to succeed, and say the same where the project's file knows which lines those are.
#
# A file NAME.sh sets package and version, and defines build and check, which run in the unpacked folder; results
# (optional) reduces check's output on stdin to what has to be equal.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KONTAIN_SOURCE=$root KONTAIN_SDK=${KONTAIN_SDK:-$root/build/sdk} KONTAIN_BUILD=${KONTAIN_BUILD:-$root/build/dev}
[ -x "$KONTAIN_SDK/bin/kontain-gcc" ] || "$root/dev" build
# shellcheck source=tests/lib/common.sh
. "$root/tests/lib/common.sh"
need_kvm
make_workdir
results() { cat; }
# shellcheck source=/dev/null
. "$root/tests/projects/$1.sh"
# Before HOME, where the fetched files are kept, is the scratch folder.
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
folder=$("$root/tools/dev/fetch-source.sh" "${package:?}" "${version:?}")
bin=$KONTAIN_SDK/bin
export CC=kontain-gcc CXX=kontain-g++ AR=kontain-ar RANLIB=kontain-ranlib NM=kontain-nm STRIP=kontain-strip
export PATH=$bin:$PATH HOME=$workdir jobs
jobs=$(nproc)
unset CFLAGS CXXFLAGS LDFLAGS MAKEFLAGS

mkdir native
tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C native --strip-components=1 --no-same-owner
start=$SECONDS
(set -e; cd native; build) >build.log 2>&1 </dev/null || { tail -n 40 build.log; fail "$1 does not build"; }
echo "$1: built in $((SECONDS - start)) s"
cp -a native km

# run_check WAY PREFIX...: leaves WAY.log and WAY.results.
run_check() {
  local way=$1 status=0 begin=$SECONDS
  shift
  declare -f check >check.sh
  echo check >>check.sh
  # The same path both times: it is in what make prints.
  mv "$way" tree
  (cd tree && exec timeout --kill-after=10 1500 "$@" /bin/bash -e ../check.sh) >"$way.log" 2>&1 </dev/null || status=$?
  mv tree "$way"
  results <"$way.log" >"$way.results"
  echo "$name: $way: status $status in $((SECONDS - begin)) s, $(wc -l <"$way.results") lines of results"
  [ "$status" -eq 0 ] || { tail -n 60 "$way.log"; fail "$name: its tests fail ($way)"; }
}
name=$1
run_check native
run_check km "$bin/km"
[ -s native.results ] || fail "$name: its tests say nothing"
diff native.results km.results || fail "$name: the results differ"
tail -n 5 km.results
