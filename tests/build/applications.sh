#!/bin/bash
# Dockerfiles of three kinds, built by kontain-build and by buildah: the same files with the same types, modes, owners and
# content.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "buildah and the overlay of a RUN step need root"
for program in buildah busybox go jq; do command -v $program >/dev/null || skip "there is no $program"; done
make_store
mkdir -p tmp
export TMPDIR=$workdir/tmp
unset SOURCE_DATE_EPOCH

buildah() { timeout -k 5 900 /usr/bin/buildah --root "$workdir/buildah" --runroot "$workdir/run" --storage-driver vfs "$@"; }

# tree FOLDER: type, mode, owner and link target of every file, and the digests. What each builder's runtime leaves behind
# (mount points, byte code with times in it, caches that name inodes) is left out.
tree() {
  (
    cd "$1"
    local out='^(dev|proc|sys|run|etc/(hosts|resolv\.conf|hostname|mtab|ld\.so\.cache))(/|[[:space:]]|$)|__pycache__|^var/(cache|log)/'
    find . -mindepth 1 -printf '%P\t%y %#m %U:%G %l\n' | grep -vE "$out" | sort
    find . -type f -printf '%P\n' | grep -vE "$out" | sort | tr '\n' '\0' | xargs -0 sha256sum
  )
}

# The base of all of them, known to both builders as localhost/apps.
make_busybox_rootfs bb
chmod 1777 bb/tmp
mkdir apps.base
tar -C bb -cf apps.base/root.tar .
printf 'FROM scratch\nADD root.tar /\nCMD ["/bin/sh"]\n' >apps.base/Dockerfile
build -t localhost/apps:latest --output "oci-archive:$workdir/apps.oci:localhost/apps:latest" apps.base >/dev/null
buildah pull -q "oci-archive:$workdir/apps.oci" >/dev/null
buildah tag "$(buildah images -q | head -n 1)" localhost/apps:latest

# same NAME: builds ./NAME with both and compares.
count=0
same() {
  local name=$1 container mounted
  build -t "$name" "$name" >/dev/null
  unpacked "$name"
  buildah bud -q --isolation chroot --pull-never -t "$name" "$name" >bud.log 2>&1 || { tail bud.log; fail "buildah bud $name"; }
  container=$(buildah from --pull-never "localhost/$name")
  mounted=$(buildah mount "$container")
  tree "$name.root/rootfs" >ours
  tree "$mounted" >theirs
  buildah rm "$container" >/dev/null
  [ "$(wc -l <ours)" -gt 1 ] || fail "$name: there is nothing in it"
  diff theirs ours >difference || { head -20 difference; fail "$name: other files than buildah's"; }
  # buildah gives an image without a base neither PATH nor working directory, unlike BuildKit.
  for filter in .config.Cmd .config.Entrypoint .config.User .config.ExposedPorts .config.Labels.kind; do
    expect_equal "$(config "$name" "$filter" | tr -d ' \n')" \
      "$(buildah inspect --type image "localhost/$name" | jq -r ".OCIv1|$filter" | tr -d ' \n')" "$name: $filter"
  done
  rm -rf "$name.root"
  count=$((count + 1))
  echo "ok $name: $(wc -l <ours) lines of files"
}

# 1: a site, served by the base
mkdir -p site/pages/sub
echo '<p>hello' >site/pages/index.html
ln -s ../index.html site/pages/sub/link
cat >site/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=site
ENV PAGES=/var/www
COPY pages $PAGES/
RUN mkdir -p /etc/site && echo "root $PAGES" >/etc/site/config && rm /bin/vi && ln -s /var/www /srv
EXPOSE 8080
STOPSIGNAL SIGQUIT
ENTRYPOINT ["httpd", "-f"]
END
same site

# 2: two stages, the result without a base
mkdir -p stages
cat >stages/Dockerfile <<'END'
ARG base=localhost/apps
FROM $base AS first
RUN mkdir -m 755 /made && echo x >/made/file && chown 7:8 /made/file && ln /made/file /made/hard && chmod 4711 /made/file
FROM scratch
LABEL kind=stages
COPY --from=first /bin/busybox /bin/program
COPY --from=first /made /data
ENTRYPOINT ["/bin/program"]
END
same stages

# 3: Go, static, built outside
mkdir -p go
printf 'package main\nimport "fmt"\nfunc main() { fmt.Println("go") }\n' >go/main.go
(cd go && GO111MODULE=off CGO_ENABLED=0 GOCACHE=$workdir/gocache go build -trimpath -o program main.go)
cat >go/Dockerfile <<'END'
FROM scratch
LABEL kind=go
COPY program /bin/
COPY <<etc /etc/motd
go
etc
ENTRYPOINT ["/bin/program"]
END
sed -i '/^COPY <<etc/,/^etc$/d' go/Dockerfile # buildah 1.28 has no here-documents
same go

expect_equal "$count" 3 "kinds of applications"
