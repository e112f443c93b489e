# Debian's nginx: a master with workers under load, reload, reopening logs, an upgrade of the configuration, quit.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
nginx=$("$payloads/../fetch-package.sh" nginx)/usr/sbin/nginx
# A daemon that a failed test leaves behind; one that ended has removed its file.
clean_up() {
  local file
  for file in "$workdir"/*/pid; do
    [ ! -s "$file" ] || kill -TERM "$(cat "$file")"
  done
  rm -rf "$workdir"
}
trap clean_up EXIT
write_configuration() {
  cat >nginx.conf <<C
user $(id -un) $(id -gn);
worker_processes 2;
daemon ${2:-off};
pid pid;
error_log error.log notice;
events { worker_connections 128; }
thread_pool pool threads=2;
http {
  access_log access.log;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  sendfile on; gzip on; gzip_min_length 100; gzip_types *;
  limit_req_zone \$binary_remote_addr zone=one:1m rate=1000r/s;
  upstream self { server 127.0.0.1:$port; keepalive 4; }
  server {
    listen 127.0.0.1:$port;
    root files;
    location = /version { return 200 "$1\n"; }
    location /pooled/ { alias files/; aio threads=pool; directio 4k; }
    location /proxied/ { proxy_pass http://self/; proxy_http_version 1.1; proxy_set_header Connection ""; }
    location /upload/ { root .; dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 2m; }
  }
}
C
}
ours() { "${run[@]}" "$nginx" -p "$PWD" -e error.log -c nginx.conf "$@" 2>&1; }
get() { curl -sS --max-time 60 "$@"; }
serves() { [ "$(get "http://127.0.0.1:$port/version")" = "$1" ]; }
logs_again() { get "$url/small" && test -s access.log; }
workers() { ps -o pid= --ppid "$(cat pid)" | sort -n; }
two_workers() { [ "$(workers | wc -l)" = 2 ]; }
workers_changed() { two_workers && ! workers | comm -12 - old-workers | grep -q .; }

session() {
  port=$(free_port)
  mkdir files
  seq 1 200000 >files/large
  echo small >files/small
  write_configuration one
  ours -t | sed "s|$PWD|.|g"
  "${run[@]}" "$nginx" -p "$PWD" -e error.log -c nginx.conf &
  local master=$!
  wait_until serves one
  url=http://127.0.0.1:$port
  get "$url/small" && get "$url/large" | cmp - files/large && get "$url/pooled/large" | cmp - files/large && echo "large"
  get --compressed "$url/proxied/large" | cmp - files/large && echo "proxied and compressed"
  get -r 10-19 "$url/large" && get -o /dev/null -w '%{http_code}\n' "$url/missing"
  get -T files/large -o /dev/null -w '%{http_code}\n' "$url/upload/put/file" && cmp upload/put/file files/large && echo "put"
  "${run[@]}" ab -q -k -n 600 -c 8 "$url/small" | grep -E '^(Complete|Failed|Non-2xx)'
  ab -q -n 200 -c 8 "$url/version" | grep -E '^(Complete|Failed|Non-2xx)'

  workers >old-workers
  [ "$(wc -l <old-workers)" = 2 ] && echo "two workers"
  write_configuration two
  ours -s reload
  wait_until serves two
  wait_until workers_changed
  echo "reloaded"
  mv access.log access.old
  ours -s reopen
  # The workers hear of it one after the other.
  wait_until logs_again
  echo "reopened"
  kill -KILL "$(workers | head -n 1)"
  workers >old-workers
  wait_until grep -q 'exited on signal 9' error.log
  wait_until two_workers
  serves two && echo "a worker was replaced"
  grep -cE 'exited on signal 9' error.log
  ours -s quit
  expect_exit "$master" 0 nginx
  grep -c emerg error.log || true

  # As a daemon, which forks twice and leaves its session.
  write_configuration three on
  rm -f pid
  ours
  wait_until serves three
  local daemon
  daemon=$(cat pid)
  ps -o tty= -p "$daemon"
  ours -s stop
  wait_until test ! -e "/proc/$daemon"
  echo "ended"
}
both_ways session
expect_contains native.out "ended"
