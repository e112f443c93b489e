#!/bin/bash
# Dockerfiles of eight kinds of applications, built by kontain-build and by buildah: the same files with the same types,
# modes, owners and content, and the same configuration. Names of kinds as arguments: only those.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "buildah and the overlay of a RUN step need root"
for program in buildah mmdebstrap jq npm python3; do command -v $program >/dev/null || skip "there is no $program"; done
make_store
mkdir -p tmp
export TMPDIR=$workdir/tmp
unset SOURCE_DATE_EPOCH
applications=$KONTAIN_SOURCE/tests/build/applications

buildah() { timeout -k 5 900 /usr/bin/buildah --root "$workdir/buildah" --runroot "$workdir/run" --storage-driver overlay "$@"; }

leave() {
  [ -z "${index_pid:-}" ] || kill "$index_pid" 2>/dev/null || true
  { grep -o " $workdir/[^ ]*" /proc/mounts || true; } | sort -r | xargs -r umount -l
  rm -rf "$workdir"
}
trap leave EXIT

# tree FOLDER: type, mode, owner and link target of every file, the digests, and which names are one file. What each
# builder's runtime leaves behind (mount points, byte code with times in it, caches that name inodes) is left out.
tree() {
  (
    cd "$1"
    local out='^(dev|proc|sys|run|etc/(hosts|resolv\.conf|hostname|mtab|ld\.so\.cache))(/|[[:space:]]|$)|__pycache__|^var/(cache|log)/'
    find . -mindepth 1 -printf '%P\t%y %#m %U:%G %l\n' | grep -vE "$out" | sort
    find . -type f -printf '%P\n' | grep -vE "$out" | sort | tr '\n' '\0' | xargs -0 -r sha256sum
    find . -type f -links +1 -printf '%i\t%P\n' | { grep -vE "$(printf '\t')(dev|proc|sys)/" || true; } | sort |
      awk -F'\t' '{ names[$1] = names[$1] " = " $2 } END { for (i in names) print "one file" names[i] }' | sort
  )
}

# base NAME...: localhost/NAME is that base, for both builders.
base() {
  local name tar
  for name in "$@"; do
    [ ! -e "base.$name" ] || continue
    tar=$("$KONTAIN_SOURCE/tests/build/base.sh" "$name") || skip "no $name base can be made by mmdebstrap"
    mkdir "base.$name"
    ln "$tar" "base.$name/root.tar" 2>/dev/null || cp "$tar" "base.$name/root.tar"
    printf 'FROM scratch\nADD root.tar /\nCMD ["/bin/sh"]\n' >"base.$name/Dockerfile"
    build -t "localhost/$name" --compression none --output "oci-archive:$workdir/base.oci:localhost/$name" "base.$name" >/dev/null
    buildah tag "$(buildah pull -q "oci-archive:$workdir/base.oci")" "localhost/$name"
    rm "$workdir/base.oci" "base.$name/root.tar"
  done
}

# same KIND [OPTIONS...]: builds ./KIND with both and compares.
same() {
  local name=$1 container mounted
  shift
  build -t "$name" "$@" "$name" >/dev/null
  unpacked "$name"
  buildah bud -q --isolation chroot --pull-never -t "$name" "$@" "$name" >bud.log 2>&1 || { tail bud.log; fail "buildah bud $name"; }
  container=$(buildah from --pull-never "localhost/$name")
  mounted=$(buildah mount "$container")
  tree "$name.root/rootfs" >ours
  tree "$mounted" >theirs
  buildah rm "$container" >/dev/null
  [ -s ours ] || fail "$name: there is nothing in it"
  diff theirs ours >difference || { head -20 difference; fail "$name: other files than buildah's"; }
  # buildah gives an image without a base neither PATH nor working directory, unlike BuildKit.
  for filter in .config.Cmd .config.Entrypoint .config.User .config.ExposedPorts .config.Labels.kind .config.StopSignal; do
    expect_equal "$(config "$name" "$filter" | tr -d ' \n')" \
      "$(buildah inspect --type image "localhost/$name" | jq -r ".OCIv1|$filter" | tr -d ' \n')" "$name: $filter"
  done
  expect_equal "$(config "$name" .config.Labels.kind)" "$name" "the label"
  rm -rf "$name.root"
  count=$((count + 1))
  echo "ok $name: $(wc -l <ours) lines of files, after $SECONDS s"
}

# repacked PACKAGE PROJECT: the wheel of what a Debian binary package installs.
repacked() {
  echo "$2: the mirror has not all of its sources: a wheel of the package $1"
  mkdir "package.$1"
  (cd "package.$1" && apt-get download -qq -o APT::Sandbox::User=root "$1" && dpkg-deb -x ./*.deb root) >package.log 2>&1 ||
    skip "the package $1 cannot be fetched: $(tail -n 1 package.log)"
  /usr/bin/python3 "$KONTAIN_SOURCE/tests/build/repack_wheel.py" "package.$1/root/usr/lib/python3/dist-packages" "index/$2" ||
    fail "the wheel of the package $1"
}

# wheel SOURCE VERSION PROJECT: the wheel of a Debian source package, in ./index as a package index has it.
wheel() {
  local folder
  mkdir -p "source.$1" "index/$3"
  folder=$("$KONTAIN_SOURCE/tools/dev/fetch-source.sh" "$1" "$2" 2>fetch.log) || { repacked "python3-$3" "$3"; return; }
  tar -xf "$(find "$folder" -name '*.orig.tar.*' ! -name '*.asc')" -C "source.$1" --strip-components=1 --no-same-owner
  env SOURCE_DATE_EPOCH=315532800 /usr/bin/python3 -m pip wheel --quiet --no-deps --no-index --no-build-isolation \
    --disable-pip-version-check --no-cache-dir -w "index/$3" "./source.$1" >wheel.log 2>&1 || { tail wheel.log; fail "the wheel of $1"; }
}

# Flask and what it needs as wheels, two with native code, from an index on this machine.
flask() {
  /usr/bin/python3 -c 'import setuptools, wheel, pip' 2>/dev/null || skip "python3-pip is not installed"
  wheel flask 2.2.2-3 flask
  wheel python-werkzeug 2.2.2-3+deb12u1 werkzeug
  wheel jinja2 3.1.2-1+deb12u3 jinja2
  wheel markupsafe 2.1.2-1 markupsafe
  wheel python-click 8.1.3-2 click
  wheel python-itsdangerous 2.1.2-3 itsdangerous
  wheel simplejson 3.18.3-1 simplejson
  ls index/markupsafe/*linux_x86_64.whl index/simplejson/*linux_x86_64.whl >/dev/null || fail "no native wheel"
  /usr/bin/python3 -u -m http.server --bind 127.0.0.1 --directory index 0 >index.log 2>&1 &
  index_pid=$!
  for _ in $(seq 100); do ! grep -q 'port' index.log || break; sleep 0.1; done
  base python
  same flask --network host --build-arg "index=http://127.0.0.1:$(grep -o 'port [0-9]*' index.log | cut -d' ' -f2)/"
}

npm_application() {
  (cd npm && npm pack --silent npm@9.9.3 >/dev/null && mkdir npm-cli && tar -xf npm-9.9.3.tgz -C npm-cli --strip-components=1 &&
    rm npm-9.9.3.tgz && npm install --silent --package-lock-only --no-audit --no-fund &&
    npm ci --silent --cache ./npm-cache --no-audit --no-fund && rm -rf node_modules npm-cache/_logs) || skip "npm cannot fetch packages"
  base node
  same npm
}

nginx() {
  (cd nginx && mkdir -p assets/a && echo data >assets/a/data && chmod 640 assets/a/data && chown 33:33 assets/a/data &&
    ln assets/a/data assets/a/again && ln -s a/data assets/link && tar -czf assets.tar.gz -C assets . && rm -r assets)
  base nginx
  same nginx
}

build_kind() {
  cp -r "$applications/$1" .
  case $1 in
    flask) flask ;;
    npm) npm_application ;;
    nginx) nginx ;;
    java) base slim jdk; same java ;;
    cxx) base slim gcc; same cxx ;;
    go) base go; same go ;;
    rust) base slim rust; same rust ;;
    stages) base slim python gcc; same stages ;;
  esac
}

count=0
kinds=("$@")
[ $# -gt 0 ] || kinds=(stages cxx nginx flask npm java go rust)
for kind in "${kinds[@]}"; do build_kind "$kind"; done
expect_equal "$count" "${#kinds[@]}" "kinds of applications"
echo "applications: all passed"
