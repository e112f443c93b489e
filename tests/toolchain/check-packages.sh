#!/bin/bash
# check-packages.sh: kontain check of every ELF file in Debian's bash, python3.11, nodejs and openjdk-17 packages, with
# their libraries. Each package's verdicts take less than a minute of one processor, and no program that the tests of
# tests/programs run is said not to run.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
export KONTAIN_SOURCE=$root KONTAIN_SDK=${KONTAIN_SDK:-$root/build/sdk} KONTAIN_BUILD=${KONTAIN_BUILD:-$root/build/dev}
[ -x "$KONTAIN_SDK/bin/kontain" ] || "$root/dev" build
# shellcheck source=tests/lib/common.sh
. "$root/tests/lib/common.sh"
export XDG_CACHE_HOME=${XDG_CACHE_HOME:-$HOME/.cache}
make_workdir

# A system of its own: the packages with everything that they depend on, unpacked.
declare -A packages=([bash]="bash" [python]="python3.11-minimal libpython3.11-minimal libpython3.11-stdlib"
  [node]="nodejs libnode108" [java]="openjdk-17-jre-headless openjdk-17-jdk-headless")
mapfile -t all < <(printf '%s\n' "${packages[@]}" | tr ' ' '\n')
libraries=$(apt-cache depends --recurse --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces --no-enhances \
  "${all[@]}" | sed -nE 's/^(lib[a-z0-9.+-]+|zlib1g)$/\1/p' | sort -u)
cache=$XDG_CACHE_HOME/kontain/check-packages
mkdir -p "$cache"
# What a mirror has, which need not be what is installed here.
# shellcheck disable=SC2086
mapfile -t wanted < <(apt-cache madison $libraries "${all[@]}" |
  awk -F'|' '/ Packages$/ { gsub(/ /, ""); if (!seen[$1]++) print $1 "=" $2 }')
(cd "$cache" && apt-get -qq -o APT::Sandbox::User=root download "${wanted[@]}") >fetch.err 2>&1 || { cat fetch.err; fail "the packages are not to be had"; }
# deb_of PACKAGE: its archive, as apt names it.
deb_of() {
  local entry
  for entry in "${wanted[@]}"; do
    [ "${entry%%=*}" != "$1" ] || find "$cache" -name "$1_$(echo "${entry#*=}" | sed 's/:/%3a/')_*.deb"
  done
}
mkdir root
for package in $libraries "${all[@]}"; do
  deb=$(deb_of "$package")
  [ -z "$deb" ] || dpkg-deb -x "$deb" root
done
for name in lib lib64; do
  # As base-files has it: /lib is /usr/lib.
  [ -L "root/$name" ] || { mkdir -p "root/usr/$name"; cp -a "root/$name/." "root/usr/$name/"; rm -rf "root/$name"; ln -s "usr/$name" "root/$name"; }
done

for what in bash python node java; do
  mkdir "$what"
  for package in ${packages[$what]}; do
    dpkg-deb -x "$(deb_of "$package")" "$what"
  done
  mapfile -t files < <(find "$what" -type f -exec sh -c 'head -c 4 "$1" | grep -q ELF && echo "root/${1#*/}"' sh {} \; | sort)
  status=0 TIMEFORMAT=%U
  # Of processor time: a busy machine is no failure.
  { time "$KONTAIN_SDK/bin/kontain" check --json --root root "${files[@]}" >"$what.json" || status=$?; } 2>seconds
  seconds=$(tail -n 1 seconds)
  python3 - "$what" "$seconds" "$status" "${#files[@]}" <<'END'
import json, sys
what, seconds, status, count = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
reports = json.load(open(what + ".json"))
verdicts = [report["verdict"] for report in reports]
print("%s: %d files in %.1f s: %s" % (what, len(reports), seconds, ", ".join(
    "%d %s" % (verdicts.count(v), v) for v in ("runs", "runs-with-notes", "will-not-run"))))
bad = [(r["path"], r["problems"]) for r in reports if r["verdict"] == "will-not-run"]
for path, problems in bad:
    print("  %s: %s" % (path, "; ".join(problems)))
assert count > 0 and len(reports) == count, "not every file has a verdict"
assert status in (0, 1, 2), status
assert seconds <= 60, "too slow"
run_by_tests = ("/bin/bash", "/python3.11", "/bin/node", "/bin/java", "/bin/javac", "/bin/jshell", "/bin/jcmd", "libjvm.so", "libnode.so", "libc.so.6")
assert not [path for path, _ in bad if any(name in path for name in run_by_tests)], "what the tests run will run"
END
done
