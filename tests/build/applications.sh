#!/bin/bash
# Dockerfiles of eight kinds of applications, built by kontain-build and by buildah: the same files with the same types,
# modes, owners and content. Base images are made here by mmdebstrap.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "buildah and the overlay of a RUN step need root"
for program in buildah mmdebstrap go rustc javac jq; do command -v $program >/dev/null || skip "there is no $program"; done
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
    local out='^(dev|proc|sys|run|etc/(hosts|resolv\.conf|hostname|mtab|ld\.so\.cache))(/|$)|__pycache__|^var/(cache|log)/'
    find . -mindepth 1 -printf '%P\t%y %#m %U:%G %l\n' | grep -vE "$out" | sort
    find . -type f -printf '%P\n' | grep -vE "$out" | sort | tr '\n' '\0' | xargs -0 sha256sum
  )
}

# A base for applications that are in Debian, known to both builders as NAME.
debian_base() {
  local name=$1 include=$2
  mmdebstrap --quiet --variant=minbase --include="$include" --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    bookworm "$workdir/$name.tar" >"$name.log" 2>&1 || skip "mmdebstrap has no network: $(tail -1 "$name.log")"
  mkdir -p "$name.base"
  mv "$name.tar" "$name.base/root.tar"
  printf 'FROM scratch\nADD root.tar /\nCMD ["/bin/bash"]\n' >"$name.base/Dockerfile"
  build -t "$name" --output "oci-archive:$workdir/$name.oci:$name" "$name.base" >/dev/null
  buildah pull -q "oci-archive:$workdir/$name.oci" >/dev/null
  rm -r "$name.base" "$name.oci"
  buildah tag "$(buildah images -q | head -1)" "localhost/$name:latest"
  build tag "$name" "localhost/$name:latest" >/dev/null
}

# same NAME: builds ./NAME with both and compares.
count=0
same() {
  local name=$1 container mounted
  build -t "$name" "$name" >/dev/null
  unpacked "$name"
  buildah bud -q --isolation chroot --pull-never --network none -t "$name" "$name" >bud.log 2>&1 || { tail bud.log; fail "buildah bud $name"; }
  container=$(buildah from --pull-never "localhost/$name")
  mounted=$(buildah mount "$container")
  tree "$name.root/rootfs" >ours
  tree "$mounted" >theirs
  buildah rm "$container" >/dev/null
  [ "$(wc -l <ours)" -gt 1 ] || fail "$name: there is nothing in it"
  diff theirs ours >difference || { head -20 difference; fail "$name: other files than buildah's"; }
  for filter in '.config.Env|sort' .config.Cmd .config.Entrypoint .config.WorkingDir .config.User .config.ExposedPorts .config.Labels.kind; do
    expect_equal "$(config "$name" "$filter" | tr -d ' \n')" \
      "$(buildah inspect --type image "localhost/$name" | jq -r ".OCIv1|$filter" | tr -d ' \n')" "$name: $filter"
  done
  rm -rf "$name.root"
  count=$((count + 1))
  echo "ok $name: $(wc -l <ours) lines of files"
}

debian_base apps g++,python3-flask,nginx-light,nodejs

# 1: flask, with Debian's wheels' native code (markupsafe), its own package and byte code
mkdir -p flask/shop/templates
echo 'from flask import Flask, render_template
app = Flask(__name__)
@app.get("/")
def index(): return render_template("index.html", items=["a", "<b>"])' >flask/shop/__init__.py
echo '{% for item in items %}{{ item }} {% endfor %}' >flask/shop/templates/index.html
cat >flask/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=flask
ENV PYTHONDONTWRITEBYTECODE=1 FLASK_APP=shop
RUN groupadd -r shop && useradd -r -g shop -d /srv shop
WORKDIR /srv
COPY --chown=shop:shop shop shop
RUN python3 -c 'import markupsafe._speedups, shop; print(shop.app.test_client().get("/").text)' >rendered && grep -q '&lt;b&gt;' rendered
USER shop
EXPOSE 5000
CMD ["flask", "run", "--host", "0.0.0.0"]
END
same flask

# 2: nginx with a site
mkdir -p nginx/site
echo '<p>hello' >nginx/site/index.html
echo 'server { listen 8080; root /var/www; }' >nginx/default.conf
cat >nginx/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=nginx
COPY default.conf /etc/nginx/conf.d/
COPY site /var/www/
RUN rm -f /etc/nginx/sites-enabled/default && ln -sf /dev/stdout /srv/access.log
EXPOSE 8080
STOPSIGNAL SIGQUIT
ENTRYPOINT ["nginx", "-g", "daemon off;"]
END
same nginx

# 3: a C++ service, compiled in the image
mkdir -p cxx
echo '#include <iostream>
int main() { std::cout << "service\n"; }' >cxx/main.cc
cat >cxx/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=cxx
WORKDIR /build
COPY main.cc .
RUN g++ -O1 -o /usr/local/bin/service main.cc && rm main.cc && service >/srv/said
CMD service
END
same cxx

# 4: two stages, the result without a base
mkdir -p stages
cp cxx/main.cc stages/
cat >stages/Dockerfile <<'END'
ARG base=localhost/apps
FROM $base AS compile
COPY main.cc /
RUN g++ -static -o /service /main.cc && mkdir -m 750 /data && touch /data/file && chown 7:8 /data/file && ln /data/file /data/hard
FROM scratch
LABEL kind=stages
COPY --from=compile /service /bin/service
COPY --from=compile /data /data
ENTRYPOINT ["/bin/service"]
END
same stages

# 5: Go, static, built outside
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

# 6: Rust, dynamic, on Debian
mkdir -p rust
printf 'fn main() { println!("rust"); }\n' >rust/main.rs
rustc -O -o rust/program rust/main.rs 2>/dev/null
printf 'main.rs\n*.md\n' >rust/.dockerignore
touch rust/README.md
cat >rust/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=rust
COPY . /opt/rust/
RUN /opt/rust/program >/opt/rust/said
CMD ["/opt/rust/program"]
END
same rust

# 7: a Java service, its classes only
mkdir -p java
echo 'public class Main { public static void main(String[] a) { System.out.println("java"); } }' >java/Main.java
javac --release 17 -d java java/Main.java
cat >java/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=java
ARG user=1000
COPY --chown=1000 Main.class /app/
ADD archive.tar.gz /app/config
ENV CLASSPATH=/app
WORKDIR /app
USER $user
CMD ["java", "Main"]
END
mkdir -p java/config && echo a=b >java/config/application.properties
tar -C java/config --owner=1000 --group=1000 -czf java/archive.tar.gz .
same java

# 8: npm, with a package installed from a folder
mkdir -p npm/greeter
echo '{"name": "app", "version": "1.0.0", "dependencies": {"greeter": "file:greeter"}}' >npm/package.json
echo '{"name": "greeter", "version": "1.0.0", "main": "index.js"}' >npm/greeter/package.json
echo 'module.exports = () => "hello from npm"' >npm/greeter/index.js
echo 'console.log(require("greeter")())' >npm/index.js
cat >npm/Dockerfile <<'END'
FROM localhost/apps
LABEL kind=npm
WORKDIR /app
COPY package.json ./
COPY greeter node_modules/greeter
COPY *.js ./
RUN ["/usr/bin/node", "index.js"]
CMD ["node", "index.js"]
END
same npm
expect_equal "$count" 8 "kinds of applications"
