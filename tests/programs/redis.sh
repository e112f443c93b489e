# Debian's redis: a server under redis-benchmark, background saves (fork), rewriting its log, scripts, restart.
# shellcheck shell=bash
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
# The server is the checker under another name; the package with the service is not needed.
ln -s "$(command -v redis-check-rdb)" redis-server
ask() { "${run[@]}" redis-cli -p "$port" "$@"; }
# info SECTION FIELD
info() { redis-cli -p "$port" info "$1" | tr -d '\r' | sed -n "s/^$2://p"; }
is_idle() { [ "$(info persistence rdb_bgsave_in_progress)$(info persistence aof_rewrite_in_progress)" = 00 ]; }
answers() { [ "$(redis-cli -p "$port" ping)" = PONG ]; }

start_server() {
  port=$(free_port)
  "${run[@]}" ../redis-server --port "$port" --bind 127.0.0.1 --dir "$PWD" --save '' --appendonly yes --io-threads 2 \
    --pidfile "$PWD/pid" --logfile "$PWD/log" --maxmemory 200mb --enable-debug-command yes &
  server=$!
  wait_until answers
}

subscribed() { [ "$(redis-cli -p "$port" publish channel message)" = 1 ]; }
unsubscribed() { ! subscribed; }

session() {
  local n=${requests:-1000} script='local s = 0; for i = 1, 1000 do s = s + i end; return {s, redis.call("get", KEYS[1])}'
  start_server
  ask set key value && ask get key && ask incrby counter 41 && ask incr counter
  ask rpush list a b c && ask lrange list 0 -1 && ask zadd scores 2 two 1 one && ask zrange scores 0 -1 withscores
  ask eval "$script" 1 key
  printf 'multi\nincr counter\nget key\nexec\nhset hash f v\nhgetall hash\nno-such-command\n' | ask 2>&1
  ask set short lived px 50 && sleep 0.2 && ask exists short
  # -P pipelines, so that a slow machine is loaded as well.
  "${run[@]}" redis-benchmark -p "$port" -q -n "$n" -c 20 -r 1000 -t set,get,incr,lpush,hset,spop,lrange_100,mset \
    >benchmark && tr '\r' '\n' <benchmark | grep -c 'requests per second'
  "${run[@]}" redis-benchmark -p "$port" -q -n "$((n * 5))" -c 10 -P 16 --threads 2 -t set,get >/dev/null && echo "pipelined"
  ask debug populate 20000 filler 100
  ask bgsave && wait_until is_idle && info persistence rdb_last_bgsave_status
  "${run[@]}" redis-check-rdb dump.rdb | grep -c 'RDB looks OK'
  ask bgrewriteaof && wait_until is_idle && info persistence aof_last_bgrewrite_status
  # The second message finds the pipe closed.
  { ask subscribe channel || true; } | head -n 6 | tail -n 1 &
  local subscriber=$!
  wait_until subscribed
  wait_until unsubscribed
  wait "$subscriber"
  ask blpop nothing 0.2 && ask dbsize >size
  kill -TERM "$(cat pid)"
  expect_exit "$server" 0 "redis-server"
  grep -cE 'bye bye' log

  start_server
  ask get counter && ask hget hash f && ask dbsize | cmp - size && echo "all keys are back"
  ask shutdown nosave || true
  expect_exit "$server" 0 "redis-server after the restart"
}
[ "${1:-}" != full ] || requests=5000 limit=900
both_ways session
expect_contains native.out "all keys are back"
