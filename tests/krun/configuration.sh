#!/bin/bash
# What config.json asks for is done, or is an error with its name.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/krun/bundle.sh"
need_krun
make_bundle
cp b/config.json plain.json
# prints FILTER WORDS TEXT: with the change, the container's WORDS print TEXT.
prints() {
  cp plain.json b/config.json
  arguments sh -c "$2"
  edit "$1"
  expect_status 0 krun run -b b "$tag"
  expect_contains out "$3"
}
# refuses FILTER TEXT
refuses() {
  cp plain.json b/config.json
  arguments true
  edit "$1"
  expect_status 1 krun run -b b "$tag"
  expect_contains err "$2"
  expect_equal "$(krun list -q)" "" "left over"
}

prints '.hostname="box"' hostname box
prints '.domainname="example"' 'cat /proc/sys/kernel/domainname' example
prints '.process.user={"uid":1000,"gid":1000,"additionalGids":[2000],"umask":63}' 'id; umask' 0077
prints '.process.oomScoreAdj=123' 'cat /proc/self/oom_score_adj' 123
prints '.process.rlimits=[{"type":"RLIMIT_NOFILE","soft":300,"hard":400}]' 'ulimit -n' 300
prints '.process.capabilities={"bounding":["CAP_CHOWN"],"effective":["CAP_CHOWN"],"permitted":["CAP_CHOWN"]}' \
  'grep Cap /proc/self/status' 'CapEff:	0000000000000001'
prints '.process.noNewPrivileges=true' 'grep NoNewPrivs /proc/self/status' 1
prints '.linux.namespaces += [{"type":"time"}] | .linux.timeOffsets={"boottime":{"secs":100000000}}' \
  '[ $(cut -d. -f1 /proc/uptime) -gt 100000000 ] && echo ahead' ahead
prints '.linux.sysctl={"net.ipv4.ip_forward":"1"}' 'cat /proc/sys/net/ipv4/ip_forward' 1
prints '.linux.devices=[{"path":"/dev/thing","type":"c","major":1,"minor":5,"fileMode":416,"uid":7,"gid":8}]' \
  'ls -ln /dev/thing' 'crw-r-----    1 7        8           1,   5'
# A device of the host's that is mounted where a device is asked for keeps its mode and owner.
mkfifo -m 600 pipe
prints '.mounts += [{"destination":"/dev/pipe","type":"bind","source":"'"$PWD"'/pipe","options":["bind"]}]
  | .linux.devices=[{"path":"/dev/pipe","type":"p","fileMode":438,"uid":7,"gid":8}]' 'ls -ln /dev/pipe' 'prw-------    1 0        0'
expect_equal "$(stat -c '%a %u' pipe)" "600 0" "the host's device"
prints '.mounts += [{"destination":"/etc","type":"tmpfs","source":"tmpfs","options":["tmpcopyup"]}]' \
  'cat /etc/passwd; mount | grep /etc' user:x:1000
prints '.mounts += [{"destination":"/new/place","type":"bind","source":"/etc","options":["rbind","rro"]}]' \
  'ls /new/place/hostname; ! touch /new/place/x 2>&1' 'Read-only'
prints '.root.readonly=false' 'touch /x && echo written' written
prints '.linux.uidMappings=[{"containerID":0,"hostID":100000,"size":65536}] | .linux.gidMappings=.linux.uidMappings
  | .linux.namespaces += [{"type":"user"}]' 'cat /proc/self/uid_map; id -u' 100000
prints '.linux.seccomp={"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir","mkdirat"],"action":"SCMP_ACT_ERRNO","errnoRet":71}]}' \
  'mkdir /dev/x 2>&1 || true' 'Protocol error'
prints '.linux.resources.memory={"limit":67108864}' \
  'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null; true' 67108864
prints '.annotations={"app.kontain.trace":"%process"}' 'ls >/dev/null; echo listed' listed
expect_contains err exit_group
repeatable='.annotations={"app.kontain.clock":"1600000000","app.kontain.random-seed":"1"}'
prints "$repeatable" 'date +%s; head -c 8 /dev/urandom | xxd -p' 1600000000
cp out first
prints "$repeatable" 'date +%s; head -c 8 /dev/urandom | xxd -p' 1600000000
cmp first out

refuses '.linux.intelRdt={"closID":"x"}' linux.intelRdt
refuses '.linux.resources.hugepageLimits=[{"pageSize":"3MB","limit":1}]' hugepageLimits
refuses '.linux.resources.hugepageLimits=[{"pageSize":"../2MB","limit":1}]' hugepageLimits
refuses '.linux.resources.rdma={"x":{"hcaHandles":1}}' rdma
refuses '.linux.seccomp={"defaultAction":"SCMP_ACT_NOTIFY"}' SCMP_ACT_NOTIFY
refuses '.linux.cgroupsPath="a.slice:b:c"' systemd
refuses '.linux.cgroupsPath="/../../x"' cgroupsPath
refuses '.linux.sysctl={"kernel.panic":"1"}' kernel.panic
refuses '.process.apparmorProfile="x"' AppArmor
refuses '.process.args=[]' process.args
refuses '.process.cwd="tmp"' process.cwd
refuses '.root.path="/"' root.path
refuses '.mounts += [{"destination":"/x","type":"nosuchfs"}]' nosuchfs
refuses '.ociVersion="2.0"' ociVersion

# km itself says which annotations there are.
cp plain.json b/config.json
arguments true
edit '.annotations={"app.kontain.trace-file":"/x"}'
expect_status 125 krun run -b b "$tag"
expect_contains err "no annotation may set this"
