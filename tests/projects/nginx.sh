# nginx, with zlib and PCRE2 built by its own build system. Its tests are another project, so these requests are ours:
# what it serves, passes on, compresses and rewrites, and the signals that operate it.
# shellcheck shell=bash disable=SC2016,SC2034,SC2154
package=nginx version=1.22.1-9+deb12u9
leaves_out="nginx-tests, which is not in the source package: the requests are the recipe's own; TLS, which is built without"
build() {
  local name
  for name in zlib=1:1.2.13.dfsg-1 pcre2=10.42-1; do
    mkdir -p "with/${name%%=*}"
    tar -xf "$(find "$("$KONTAIN_SOURCE/tools/dev/fetch-source.sh" "${name%%=*}" "${name#*=}")" -name '*.orig.tar.*' ! -name '*.asc')" \
      -C "with/${name%%=*}" --strip-components=1 --no-same-owner
  done
  # Clang, unlike GCC, warns of what musl's CMSG_NXTHDR compares, and nginx asks for -Werror.
  ./configure --with-cc-opt=-Wno-sign-compare --with-zlib=with/zlib --with-pcre=with/pcre2 --with-threads --with-file-aio --with-stream --with-http_sub_module \
    --with-http_dav_module --with-http_gunzip_module --with-http_stub_status_module --with-http_realip_module \
    --with-http_secure_link_module --prefix="$PWD/run" && make -j"$jobs" && make install
}
check() {
  local here=$PWD/run at=http://127.0.0.1:8080 page before failed=0
  expect() { # NAME WANTED GOT
    if [ "$2" = "$3" ]; then echo "PASS: $1"; else echo "FAIL: $1"; failed=1; echo "wanted: $2; got: $3" >&2; fi
  }
  ask() { curl -s --max-time 20 "$@"; }
  # soon COMMAND...: until it succeeds, for 20 seconds.
  soon() { local n; for n in $(seq 200); do ! "$@" 2>/dev/null || return 0; sleep 0.1; done; return 1; }
  # By title: the cache's manager and loader are the master's children too.
  workers() { pgrep -P "$(cat "$here/logs/nginx.pid")" -f '^nginx: worker process' | sort; }
  page=$(seq 1 20000)
  echo "$page" >"$here/html/numbers.txt"
  mkdir -p "$here/html/list" "$here/html/put" "$here/cache"
  touch "$here/html/list/a-file"
  printf 'user:{PLAIN}word\n' >"$here/conf/users"
  cat >"$here/conf/nginx.conf" <<CONF
worker_processes 2;
events { worker_connections 256; }
stream { server { listen 127.0.0.1:8090; proxy_pass 127.0.0.1:8080; } }
http {
  include mime.types;
  access_log logs/access.log;
  proxy_cache_path $here/cache keys_zone=kept:1m;
  limit_req_zone \$remote_addr zone=slow:1m rate=1r/m;
  upstream both { server unix:$here/back.socket; server 127.0.0.1:8081; keepalive 4; }
  server {
    listen 127.0.0.1:8080;
    root html;
    gzip on; gzip_types text/plain; gzip_proxied any;
    location /list/ { autoindex on; }
    location ~ ^/old/([a-z]+)/([0-9]+)\$ { return 301 /new/\$2/\$1; }
    location /sub/ { alias html/; sub_filter 'Welcome' 'Hello'; sub_filter_once off; }
    location /put/ { dav_methods PUT DELETE MKCOL COPY MOVE; create_full_put_path on; client_max_body_size 2m; }
    location /private { auth_basic here; auth_basic_user_file users; try_files /index.html =404; }
    location /status { stub_status; }
    location /pass/ { proxy_pass http://both/; proxy_http_version 1.1; proxy_set_header Connection ''; }
    location /kept/ { proxy_pass http://127.0.0.1:8081/; proxy_cache kept; proxy_cache_valid 200 1m; add_header X-Kept \$upstream_cache_status; }
    location /gone/ { proxy_pass http://127.0.0.1:8099/; proxy_connect_timeout 2s; }
    location /slow { limit_req zone=slow; try_files /index.html =404; }
    location /threads/ { alias html/; aio threads; directio 4; output_buffers 1 64k; }
    error_page 404 /50x.html;
  }
  server { listen unix:$here/back.socket; listen 127.0.0.1:8081; root html; }
}
CONF
  expect "configuration test" 0 "$("$here/sbin/nginx" -t >&2; echo $?)"
  expect "error in a configuration" 1 "$("$here/sbin/nginx" -t -g 'no_such_directive;' 2>/dev/null; echo $?)"
  "$here/sbin/nginx"
  expect "starts" 0 "$(soon ask -f -o /dev/null "$at/"; echo $?)"
  expect "workers" 2 "$(workers | wc -l)"
  expect "file" "$page" "$(ask "$at/numbers.txt")"
  expect "range" "$(echo "$page" | tail -c +101 | head -c 100)" "$(ask -r 100-199 "$at/numbers.txt")"
  expect "not modified" 304 "$(ask -o /dev/null -w '%{http_code}' -z "$(date -R -d tomorrow)" "$at/numbers.txt")"
  expect "error page" "404 $(cat "$here/html/50x.html")" "404 $(ask "$at/nothing")"
  expect "gzip" "$page" "$(ask -H 'Accept-Encoding: gzip' "$at/numbers.txt" | gzip -dc)"
  expect "gzip header" gzip "$(ask -I -H 'Accept-Encoding: gzip' "$at/numbers.txt" | sed -n 's/^Content-Encoding: \(.*\)\r/\1/p')"
  expect "list of a folder" 1 "$(ask "$at/list/" | grep -c 'href="a-file"')"
  expect "regular expression" "301 $at/new/42/word" "$(ask -o /dev/null -w '%{http_code} %{redirect_url}' "$at/old/word/42")"
  expect "substitution" "$(grep -c Welcome "$here/html/index.html")" "$(ask "$at/sub/index.html" | grep -c Hello)"
  expect "put" "201 $page" "$(echo "$page" | ask -o /dev/null -w '%{http_code} ' -T - "$at/put/deep/a"; ask "$at/put/deep/a")"
  expect "move" "204 404" "$(ask -o /dev/null -w '%{http_code} ' -X MOVE -H "Destination: /put/b" "$at/put/deep/a"; ask -o /dev/null -w '%{http_code}' "$at/put/deep/a")"
  expect "delete" "204 404" "$(ask -o /dev/null -w '%{http_code} ' -X DELETE "$at/put/b"; ask -o /dev/null -w '%{http_code}' "$at/put/b")"
  expect "too large" 413 "$(head -c 3000000 /dev/zero | ask -o /dev/null -w '%{http_code}' -T - "$at/put/c")"
  expect "password" "401 200 401" "$(for who in : user:word user:other; do ask -o /dev/null -w '%{http_code} ' -u "$who" "$at/private"; done | sed 's/ $//')"
  expect "proxy to a socket and a port" "$(for n in 1 2 3 4; do echo "$page"; done | cksum)" "$(for n in 1 2 3 4; do ask "$at/pass/numbers.txt"; done | cksum)"
  expect "cache" "MISS HIT" "$(for n in 1 2; do ask -D - -o /dev/null "$at/kept/numbers.txt" | sed -n 's/^X-Kept: \(.*\)\r/\1/p'; done | xargs)"
  expect "nothing behind the proxy" 502 "$(ask -o /dev/null -w '%{http_code}' "$at/gone/")"
  expect "limit of requests" "200 503" "$(for n in 1 2; do ask -o /dev/null -w '%{http_code} ' "$at/slow"; done | sed 's/ $//')"
  expect "threads and direct reads" "$page" "$(ask "$at/threads/numbers.txt")"
  expect "stream" "$page" "$(ask http://127.0.0.1:8090/numbers.txt)"
  expect "keep-alive" 1 "$(ask -o /dev/null -o /dev/null -w '%{num_connects}\n' "$at/" "$at/" | paste -sd+ | sed 's/$/\n/' | bc)"
  expect "requests at once" "2000 0" "$(ab -q -n 2000 -c 20 -k "$at/numbers.txt" | sed -n 's/^Complete requests: *//p; s/^Failed requests: *//p' | xargs)"
  expect "status" 1 "$(ask "$at/status" | grep -c '^Active connections: [0-9]')"
  before=$(workers)
  "$here/sbin/nginx" -s reload
  expect "reload: other workers" 0 "$(soon eval '[ "$(workers | wc -l)" = 2 ] && ! workers | grep -qF "$before"'; echo $?)"
  expect "reload: serves" "$page" "$(ask "$at/numbers.txt")"
  mv "$here/logs/access.log" "$here/logs/old.log"
  "$here/sbin/nginx" -s reopen
  expect "log opened again" 0 "$(soon eval 'ask -o /dev/null "$at/reopened" && grep -q /reopened "$here/logs/access.log"'; echo $?)"
  before=$(workers | head -n 1)
  kill -KILL "$before"
  expect "killed worker is replaced" 0 "$(soon eval '[ "$(workers | wc -l)" = 2 ] && ! workers | grep -qx "$before"'; echo $?)"
  before=$(cat "$here/logs/nginx.pid")
  kill -USR2 "$before"
  expect "other executable takes over" 0 "$(soon eval '[ -e "$here/logs/nginx.pid.oldbin" ] && [ "$(cat "$here/logs/nginx.pid")" != "$before" ]'; echo $?)"
  kill -QUIT "$before"
  expect "first one leaves" 0 "$(soon eval '! kill -0 "$before"'; echo $?)"
  expect "other executable serves" "$page" "$(ask "$at/numbers.txt")"
  "$here/sbin/nginx" -s quit
  expect "quit" 0 "$(soon eval '[ ! -e "$here/logs/nginx.pid" ]'; echo $?)"
  return "$failed"
}
