#!/bin/bash
# update acts at once, by options and by a document; spec and features say what there is.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
cp b/config.json plain.json
arguments sleep 100
edit '.linux.resources.memory={"limit":134217728} | .linux.resources.cpu={"shares":512}'
krun run -d -b b "$tag" </dev/null >/dev/null 2>&1

# now FILE-OF-V1 FILE-OF-V2: what the container's cgroup says.
now() {
  local name
  for name in "$@"; do
    find /sys/fs/cgroup -path "*/$tag/$name" -exec cat {} \; 2>/dev/null
  done | head -1
}
expect_equal "$(now memory.limit_in_bytes memory.max)" 134217728 "limit of create"
expect_status 0 krun update --memory 67108864 --pids-limit 44 --cpu-quota 20000 --cpu-period 100000 "$tag"
expect_equal "$(now memory.limit_in_bytes memory.max)" 67108864 "memory"
expect_equal "$(now pids.max)" 44 "processes"
expect_equal "$(now cpu.cfs_quota_us cpu.max | cut -d' ' -f1)" 20000 "quota"
# What is not named stays.
[ -z "$(now cpu.shares)" ] || expect_equal "$(now cpu.shares)" 512 "shares"

# The program feels it: a sixth process is one too many, and then it is not.
expect_status 0 krun update --pids-limit 6 "$tag"
fork_bomb='for i in 1 2 3 4 5 6 7 8; do sleep 5 & done; echo made; kill $(jobs -p)'
krun exec "$tag" sh -c "$fork_bomb" >out 2>err || true
expect_contains err "fork"
echo '{"pids":{"limit":100},"memory":{"limit":100663296}}' | expect_status 0 krun update -r - "$tag"
expect_equal "$(now memory.limit_in_bytes memory.max)" 100663296 "memory by a document"
expect_status 0 krun exec "$tag" sh -c "$fork_bomb"
expect_contains out made
echo '{"pids":{"limit":50}}' >limits.json
expect_status 0 krun update --resources limits.json "$tag"
expect_equal "$(now pids.max)" 50 "processes by a file"

# What cannot be is an error that names it.
expect_status 1 krun update --memory nothing "$tag"
echo '{"rdma":{"x":{"hcaHandles":1}}}' >limits.json
expect_status 1 krun update -r limits.json "$tag"
expect_contains err rdma
echo '{"pids":' >limits.json
expect_status 1 krun update -r limits.json "$tag"
expect_contains err limits.json
expect_status 1 krun update --l3-cache-schema x "$tag"
expect_contains err "resource director technology"
krun kill "$tag" KILL
in_time sh -c "'$KONTAIN_SDK/bin/krun' --root '$workdir/state' state '$tag' | grep -q stopped"
expect_status 1 krun update --memory 67108864 "$tag"
expect_contains err "stopped"
krun delete "$tag"

# Examples that run as they are: plain, and with the annotations that km has.
mkdir examples
expect_status 0 krun spec --kontain -b examples
expect_equal "$(jq -r '.annotations | keys | map(select(startswith("app.kontain."))) | length > 0' examples/config.json)" true "annotations"
expect_status 1 krun spec -b examples
expect_contains err "File exists"
jq '.process.terminal=false | .process.args=["uname","-r"]' examples/config.json >b/config.json
expect_status 0 krun run -b b "$tag"
expect_contains out .kontain

# features are what the table of fields and the parser know.
krun features >features.json
krun features --fields >fields.md
expect_equal "$(jq -r '.hooks | sort | join(" ")' features.json)" "createContainer createRuntime poststart poststop prestart startContainer" "hooks"
for kind in $(jq -r '.hooks[]' features.json); do
  expect_contains fields.md "\`hooks.$kind\` | honoured"
done
for name in $(jq -r '.linux.namespaces[]' features.json); do
  jq '.process.terminal=false | .process.args=["true"] | .linux.namespaces |= (map(select(.type != $name)) + [{"type":$name}])
    | if $name == "user" then .linux.uidMappings=[{"containerID":0,"hostID":100000,"size":65536}]
      | .linux.gidMappings=.linux.uidMappings else . end' --arg name "$name" plain.json >b/config.json
  expect_status 0 krun run -b b "$tag"
done
