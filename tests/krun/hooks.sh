#!/bin/bash
# Hooks of all kinds: when they run, where, with what on stdin; one that fails, and one that takes too long.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
edit '.root.readonly=false'
cp b/config.json plain.json
readonly host_kinds="prestart createRuntime createContainer poststart poststop"

# The hooks of the host append "KIND STATUS ID ARGUMENT VARIABLE KNOWS-THE-BUNDLE MOUNT-NAMESPACE" to a file.
cat >hook <<'S'
#!/bin/bash
state=$(cat)
where=container
[ "$(readlink /proc/self/ns/mnt)" != "$RUNTIME" ] || where=runtime
echo "$1 $(jq -r '"\(.status) \(.id)"' <<<"$state") $2 $VARIABLE $(jq --arg b "$BUNDLE" '.bundle == $b' <<<"$state") $where" >>"$SEEN"
S
chmod 755 hook
variables=$(jq -n '$ARGS.positional' --args "PATH=$PATH" VARIABLE=value "SEEN=$workdir/seen" "BUNDLE=$(realpath b)" \
  "RUNTIME=$(readlink /proc/self/ns/mnt)")
for kind in $host_kinds; do
  edit '.hooks[$kind]=[{"path":$path,"args":["hook",$kind,"word"],"env":$env}]' --arg kind "$kind" --arg path "$workdir/hook" \
    --argjson env "$variables"
done
# The image's own.
printf '#!/bin/sh\necho "startContainer $(sed -n "s/.*\\"status\\":\\"\\([a-z]*\\)\\".*/\\1/p") $1 $(uname -r)" >>/data/seen\n' >b/rootfs/bin/own
chmod 755 b/rootfs/bin/own
edit '.hooks.startContainer=[{"path":"/bin/own","args":["own","word"],"env":["PATH=/bin"]}]'
arguments sh -c 'cat /data/seen; echo program >>/data/seen'

krun create -b b "$tag" </dev/null >log 2>&1 || fail "create: $(cat log)"
expect_equal "$(cut -d' ' -f1,2 seen)" "prestart created
createRuntime creating
createContainer created" "hooks of create"
[ ! -e b/rootfs/data/seen ] || fail "startContainer hooks ran in create"
krun start "$tag"
in_time grep -q program b/rootfs/data/seen || fail "the program did not run"
expect_equal "$(head -1 b/rootfs/data/seen | cut -d' ' -f1-3)" "startContainer created word" "the image's hook"
expect_contains b/rootfs/data/seen .kontain
expect_equal "$(tail -1 seen | cut -d' ' -f1,2)" "poststart running" "hook of start"
in_time sh -c "'$KONTAIN_SDK/bin/krun' --root '$workdir/state' state '$tag' | grep -q stopped"
krun delete "$tag"
expect_equal "$(tail -1 seen | cut -d' ' -f1,2)" "poststop stopped" "hook of delete"
# All of them knew what they were told; one is where the container's mounts are.
expect_equal "$(grep -c " $tag word value true " seen)" 5 "hooks with their arguments, variables and state: $(cat seen)"
expect_equal "$(grep 'container$' seen | cut -d' ' -f1)" createContainer "hooks in the container's namespaces"

# One that fails: before the program an error that names it, and nothing is left; behind it a warning.
failing() {
  cp plain.json b/config.json
  arguments true
  edit '.hooks[$kind]=[{"path":"/bin/sh","args":["sh","-c","echo because >&2; exit 3"]}]' --arg kind "$1"
}
for kind in prestart createRuntime createContainer; do
  failing $kind
  expect_status 1 krun run -b b "$tag"
  expect_contains err "error running $kind hook #0: /bin/sh: exit status 3, stderr: because"
  expect_equal "$(krun list -q)" "" "left behind $kind"
done
for kind in poststart poststop; do
  failing $kind
  expect_status 0 krun run -b b "$tag"
  expect_contains err "error running $kind hook #0"
done

# One that takes too long is ended with its children, whatever it does about signals.
late() {
  cp plain.json b/config.json
  arguments true
  edit '.hooks[$kind]=[{"path":"/bin/sh","args":["sh","-c",$script],"env":["PATH=/bin"],"timeout":1}]' --arg kind "$1" \
    --arg script "trap '' ALRM TERM; sleep 5$$ & sleep 5$$; sleep 5$$"
}
for kind in prestart createRuntime createContainer; do
  late $kind
  expect_status 1 krun run -b b "$tag"
  expect_contains err "hook ran past its timeout"
done
late startContainer
expect_status 1 krun run -b b "$tag"
expect_contains err "startContainer hook: /bin/sh: ran past its timeout"
expect_equal "$(krun list -q)" "" "left over"
none_sleeps() { ! pgrep -f "^sleep 5$$\$" >/dev/null; }
in_time none_sleeps || fail "children of a hook are left"
for timeout in 0 -1 '"1"' 4294967296; do
  late prestart
  edit '.hooks.prestart[0].timeout=$timeout' --argjson timeout "$timeout"
  expect_status 1 krun run -b b "$tag"
  expect_contains err hooks.prestart
done
# Longer than a month in milliseconds: no wait at all for a hook that ends.
failing prestart
edit '.hooks.prestart[0] |= (.args[2]="exit 0" | .timeout=2147483647)'
expect_status 0 krun run -b b "$tag"
