#!/bin/bash
# Everything that is written is what image-spec's own JSON schemas say it has to be.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/image/image.sh"
schemas=/usr/share/gocode/src/github.com/opencontainers/image-spec/schema
[ -d "$schemas" ] || skip "golang-github-opencontainers-image-spec-dev is not installed"
python3 -c 'import jsonschema' 2>/dev/null || skip "python3-jsonschema is not installed"
make_workdir
make_payload app.km

# valid SCHEMA FILE: the file is what the schema of that name describes.
valid() {
  python3 - "$schemas" "$1" "$2" <<'END'
import json, os, sys
import jsonschema
folder, name, document = sys.argv[1:]


def load(uri):
    """A schema by the last part of its address: all of them lie in one folder."""
    with open(os.path.join(folder, os.path.basename(uri.split("#")[0])), encoding="utf-8") as text:
        return json.load(text)


schema = load(name)
resolver = jsonschema.RefResolver(base_uri=schema.get("id", ""), referrer=schema, handlers={"https": load, "": load})
with open(document, encoding="utf-8") as text:
    jsonschema.Draft4Validator(schema, resolver=resolver).validate(json.load(text))
END
}
expect_valid() { valid "$1" "$2" 2>schema-error || fail "$2: $(tail -n 20 schema-error)"; }

mkdir data
echo x >data/x
kb -t app:v1 --payload app.km --copy data:/data --arg x --env A=b --label l=m --annotation n=o --user 1 --workdir /d >/dev/null
kb -t app:v2 --payload app.km --compression zstd --from app:v1 >/dev/null
kb -t app:v3 --payload app.km --compression none >/dev/null
for version in v1 v2 v3; do
  kb copy app:$version "oci:layout:app:$version" >/dev/null
  kb inspect app:$version --show raw >manifest.json
  kb inspect app:$version --show config >config.json
  expect_valid image-manifest-schema.json manifest.json
  expect_valid config-schema.json config.json
  jq .config manifest.json >descriptor.json
  expect_valid content-descriptor.json descriptor.json
done
for layout in store layout; do
  expect_valid image-layout-schema.json $layout/oci-layout
  expect_valid image-index-schema.json $layout/index.json
done
kb copy app:v1 oci-archive:archive.tar >/dev/null
mkdir archive
tar -C archive -xf archive.tar
expect_valid image-index-schema.json archive/index.json
expect_valid image-layout-schema.json archive/oci-layout

# What kontain-build refuses, the schemas refuse too: they are really used.
jq 'del(.config)' manifest.json >bad.json
! valid image-manifest-schema.json bad.json 2>/dev/null || fail "the schema takes a manifest without configuration"
jq '.rootfs.type="x"' config.json >bad.json
! valid config-schema.json bad.json 2>/dev/null || fail "the schema takes a strange root file system"
