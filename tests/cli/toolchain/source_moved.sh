#!/bin/bash
# The sysroot's sources are pinned: a version that has left its suite, or that is not to be had, is said by name, with
# what the suite has instead, and nothing is left that a later build takes for a source.
. "$(dirname "$0")/common.sh"
need() { command -v "$1" >/dev/null || { echo "skipped: there is no $1"; exit 77; }; }
need dpkg-source
need dpkg-scansources
need apt-get
fetch="$KONTAIN_SOURCE/tools/dev/fetch-source.sh"

# A suite with one source package in one version, and nothing of the machine's own.
mkdir -p sample-1.0/debian/source repository/pool repository/dists/suite/main/{source,binary-amd64} lists/partial cache
echo 'int main(void) { return 0; }' >sample-1.0/main.c
tar -czf sample_1.0.orig.tar.gz sample-1.0
echo '3.0 (quilt)' >sample-1.0/debian/source/format
printf 'sample (1.0-2) suite; urgency=low\n\n  * Sample.\n\n -- N <n@example.org>  Thu, 01 Jan 2026 00:00:00 +0000\n' >sample-1.0/debian/changelog
printf 'Source: sample\nMaintainer: N <n@example.org>\nStandards-Version: 4.6.0\n\nPackage: sample\nArchitecture: any\nDescription: d\n' >sample-1.0/debian/control
dpkg-source -b sample-1.0 >log 2>&1 || { cat log >&2; fail "the sample's source package"; }
mv sample_1.0* repository/pool/
(cd repository && dpkg-scansources pool >dists/suite/main/source/Sources 2>/dev/null && 
  printf 'Package: other\nVersion: 1\nArchitecture: amd64\nMaintainer: N <n@example.org>\nFilename: pool/other.deb\nSize: 1\nSHA256: %064d\nDescription: d\n' 0 >dists/suite/main/binary-amd64/Packages)
has repository/dists/suite/main/source/Sources '^Package: sample$'
(
  cd repository/dists/suite
  printf 'Suite: suite\nCodename: suite\nComponents: main\nArchitectures: amd64\nSHA256:\n'
  for file in main/source/Sources main/binary-amd64/Packages; do
    printf ' %s %s %s\n' "$(sha256sum <$file | cut -d' ' -f1)" "$(stat -c %s $file)" $file
  done
) >Release
mv Release repository/dists/suite/
echo "deb file:$PWD/repository suite main" >sources.list
cat >apt.conf <<END
Dir::Etc::SourceList "$PWD/sources.list";
Dir::Etc::SourceParts "-";
Dir::State::Lists "$PWD/lists";
Dir::Cache "$PWD/cache";
APT::Architecture "amd64";
APT::Sandbox::User "root";
APT::Get::AllowUnauthenticated "true";
Acquire::AllowInsecureRepositories "true";
Acquire::Languages "none";
END
export APT_CONFIG=$PWD/apt.conf XDG_CACHE_HOME=$PWD/kept

run 1 "$fetch" sample 1.0-2
has err '^fetch-source: sample 1\.0-2: this machine has no package lists: apt-get update makes them$'
apt-get -qq update >log 2>&1 || { cat log >&2; fail "the suite is not read"; }

run 1 "$fetch" sample 1.0-1
has err '^fetch-source: sample 1\.0-1: no longer in the suite, which has 1\.0-2: pin the version that is there$'
run 1 "$fetch" absent 1.0-1
has err '^fetch-source: absent 1\.0-1: no source package of this name in the suite$'
[ ! -e kept ] || [ -z "$(find kept -type f)" ] || fail "something was kept: $(find kept -type f)"

# What is there is fetched once; afterwards no mirror is asked.
run 0 "$fetch" sample 1.0-2
folder=$(cat out)
[ -f "$folder/sample_1.0.orig.tar.gz" ] || fail "no archive in $folder"
mv repository/pool elsewhere
run 0 "$fetch" sample 1.0-2
same "$(cat out)" "$folder"
rm -r kept
run 1 "$fetch" sample 1.0-2
has err '^fetch-source: sample 1\.0-2: cannot be fetched$'
[ -z "$(find kept -type f 2>/dev/null)" ] || fail "half a source was kept"
