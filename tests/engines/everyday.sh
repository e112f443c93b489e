#!/bin/bash
# A person's everyday actions in a shell of `docker run -it` of a Debian image, under runc and under krun: what is shown
# is the same, but for `uname -r`.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/engines/node.sh"
need_kvm
for program in dockerd docker runc jq mmdebstrap; do command -v $program >/dev/null || skip "there is no $program"; done
/usr/bin/python3 -c 'import pexpect' 2>/dev/null || skip "there is no python3-pexpect"
export EVERYDAY_IMAGE=${EVERYDAY_IMAGE:-$("$KONTAIN_SOURCE/tests/engines/everyday_image.sh")}
enter_node "$@"
. "$KONTAIN_SOURCE/tests/engines/checks.sh"
. "$KONTAIN_SOURCE/tests/engines/dockerd.sh"

actions=$KONTAIN_SOURCE/tests/engines/everyday

start_dockerd
docker import - debian <"$EVERYDAY_IMAGE" >/dev/null
mkdir context
ssh-keygen -q -t ed25519 -N '' -f context/key
cat >context/Dockerfile <<'D'
FROM debian
COPY key key.pub /
RUN mkdir -p -m 700 /root/.ssh /run/sshd && cp /key.pub /root/.ssh/authorized_keys && ssh-keygen -A && \
  printf 'PS1="\\u@\\h:\\w\\\\$ "\n' >/root/.bashrc
D
DOCKER_BUILDKIT=0 docker build -q -t everyday context >/dev/null

for runtime in ${RUNTIMES:-runc krun}; do
  docker network create "net-$runtime" >/dev/null
  docker run -d --runtime="$runtime" --network "net-$runtime" --name "sibling-$runtime" --network-alias sibling \
    --hostname sibling everyday sh -c 'nginx; exec /usr/sbin/sshd -D' >/dev/null
  timeout 900 /usr/bin/python3 -B "$actions/session.py" "$runtime" "net-$runtime" "$runtime.json" ||
    fail "the list did not come to its end with $runtime"
  docker rm -f "sibling-$runtime" >/dev/null
done
[ -f runc.json ] && [ -f krun.json ] || exit 0
[[ $(jq -r .kernel krun.json) == *.kontain ]] || fail "uname -r: $(jq -r .kernel krun.json)"
python3 "$actions/compare.py" runc.json krun.json
