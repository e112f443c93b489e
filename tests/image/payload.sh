#!/bin/bash
# The short form: what is in the image, its configuration, its outputs, and what is said when it cannot be made.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
make_workdir
make_payload app.km

expect_status 0 kb --version
expect_contains out "kontain-build "
expect_status 0 kb --help
expect_contains out --payload

# The image: one layer with one file, and how to start it.
digest=$(kb -t app --payload app.km --arg hello --arg 'two words' --env A=b --label x=y --workdir /w --user 7:8 --print digest)
[[ $digest =~ ^sha256:[0-9a-f]{64}$ ]] || fail "no digest: $digest"
kb inspect app --show config >config.json
expect_equal "$(jq -c .config.Entrypoint config.json)" '["/app.km"]' entrypoint
expect_equal "$(jq -c .config.Cmd config.json)" '["hello","two words"]' cmd
expect_equal "$(jq -r .config.User config.json)" 7:8 user
expect_equal "$(jq -r .config.WorkingDir config.json)" /w workdir
expect_equal "$(jq -r .config.Labels.x config.json)" y label
expect_equal "$(jq -r .created config.json)" 1970-01-01T00:00:00Z created
jq -e '.config.Env | index("A=b")' config.json >/dev/null || fail "the variable is missing"
expect_equal "$(kb inspect app | jq -r .digest)" "$digest" "digest of inspect"
kb unpack app rootfs >unpacked
expect_equal "$(cat unpacked)" "$digest" "digest of unpack"
cmp rootfs/rootfs/app.km app.km || fail "the payload changed"
expect_equal "$(find rootfs/rootfs -type f | wc -l)" 1 "files of the image"
cmp <(jq -S . rootfs/image.json) <(jq -S . config.json) || fail "image.json is not the configuration"

# Files beside it, closures, another base.
mkdir -p src/sub
echo one >src/one
echo two >src/sub/two
kb -t files --payload app.km --copy src:/data --copy src/one:/etc/ --print digest >/dev/null
kb unpack files files >/dev/null
expect_equal "$(cat files/rootfs/data/sub/two)" two "copied folder"
expect_equal "$(cat files/rootfs/etc/one)" one "file copied into a folder"
cp /bin/true true.elf
kb -t closed --payload true.elf --closure --print digest >/dev/null
kb unpack --rootless closed closed >/dev/null
[ -x closed/rootfs/lib64/ld-linux-x86-64.so.2 ] || fail "the interpreter is missing"
if [ "$(id -u)" = 0 ]; then chroot closed/rootfs /true.elf || fail "the closure does not start"; fi
kb -t upon --from files --copy src/sub/two:/two >/dev/null
kb unpack upon upon >/dev/null
expect_equal "$(cat upon/rootfs/two) $(cat upon/rootfs/data/one)" "two one" "files of both layers"
expect_equal "$(kb inspect upon --show config | jq -c .config.Entrypoint)" '["/app.km"]' "entrypoint of the base"
expect_equal "$(kb inspect upon --show manifest | jq -c '.layers[0].digest')" \
  "$(kb inspect files --show manifest | jq -c '.layers[0].digest')" "the base's layer"

# The bill of materials: every file with its sums, and what the image's package database names; always the same.
mkdir -p debian/var/lib/dpkg
printf 'Package: libx\nStatus: install ok installed\nVersion: 1.2-3\nArchitecture: amd64\n' >debian/var/lib/dpkg/status
kb -t listed --payload app.km --copy debian:/ --sbom listed.json --print digest >listed
expect_equal "$(jq -r '.spdxVersion, .SPDXID, .dataLicense' listed.json | paste -sd' ')" "SPDX-2.3 SPDXRef-DOCUMENT CC0-1.0" SPDX
expect_equal "$(jq -r '.files[] | .fileName + " " + (.checksums[] | select(.algorithm == "SHA256").checksumValue)' listed.json | sort)" \
  "$(printf './app.km %s\n./var/lib/dpkg/status %s' "$(sha256sum <app.km | cut -c1-64)" "$(sha256sum <debian/var/lib/dpkg/status | cut -c1-64)")" "files of the SBOM"
expect_equal "$(jq -r '.packages[].externalRefs[]?.referenceLocator | select(startswith("pkg:deb"))' listed.json)" "pkg:deb/debian/libx@1.2-3?arch=amd64" "packages of the SBOM"
kb -t listed --payload app.km --copy debian:/ --sbom again.json >/dev/null
cmp listed.json again.json || fail "the SBOM is another one"
kb rm listed

# What is printed.
kb -t app --payload app.km --print json >facts.json
expect_equal "$(jq -r .name facts.json)" app:latest name
expect_equal "$(jq '.layers | length' facts.json)" 1 layers
kb --payload app.km --copy src:/data --dry-run >plan
expect_contains plan "copy /data/sub/two"
expect_equal "$(kb ls --format json | jq -r '.[].name' | paste -sd' ')" "app:latest closed:latest files:latest upon:latest" ls

# What is refused, and how.
expect_refusal() {
  local status=$1 text=$2
  shift 2
  expect_status "$status" kb "$@"
  expect_equal "$(cat err)" "kontain-build: $text" "message of $*"
}
echo '#!/bin/sh' >script
expect_refusal 1 "--payload: script: not an x86-64 ELF program" --payload script
expect_refusal 1 "open: missing: No such file or directory" --payload missing
expect_refusal 1 "image name: UP/per: a repository has lower-case letters, digits and single '.', '_' or '-' between them" \
  -t UP/per --payload app.km
expect_refusal 1 "--copy: src: SOURCE:/DESTINATION is expected" --payload app.km --copy src
expect_refusal 1 "--copy: src:/a/../b: the destination is not a path inside an image" --payload app.km --copy src:/a/../b
expect_refusal 1 "--env: A: NAME=VALUE is expected" --payload app.km --env A
expect_refusal 1 "--output: zip:x: no such kind" --payload app.km --output zip:x
expect_refusal 1 "layer: app.km: two files of this name" --payload app.km --copy script:/app.km
expect_refusal 1 "image: nothing: not in the store" --from nothing --payload app.km
expect_status 1 kb
expect_contains err "kontain-build: build: nothing to build"
expect_status 2 kb --no-such-option
SOURCE_DATE_EPOCH=soon expect_refusal 1 "SOURCE_DATE_EPOCH: soon: not a number of seconds" --payload app.km
mkdir -p occupied && touch occupied/file
expect_refusal 1 "unpack: occupied: not an empty folder" unpack app occupied
