# Redis: its own tests in Tcl; the Tcl interpreter and every server are started under km too.
# shellcheck shell=bash disable=SC2034,SC2046,SC2086,SC2154
package=redis version=5:7.0.15-1~deb12u7 title=Redis
leaves_out="what its tags call slow, fuzzing and the longest tests of SCAN and MIGRATE, replication, cluster and sentinel, TLS, and units that measure time or memory"
units="printver dump auth protocol keyspace scan info info-command type/string type/incr type/list type/list-2 type/set
  type/zset type/hash type/stream type/stream-cgroups sort expire other multi quit acl acl-v2 pubsub pubsubshard
  slowlog scripting functions introspection introspection-2 limits bitops bitfield geo hyperloglog lazyfree pause
  querybuf tracking networking violations replybufsize"
integration="aof rdb convert-zipmap-hash-on-load convert-ziplist-hash-on-load convert-ziplist-zset-on-load redis-cli"
differs["CONFIG SET rollback on apply error"]="km cannot be traced, so /proc/self/oom_score_adj is root's and no ordinary user's to write"
build() { make -j"$jobs" CC="$CC" AR="$AR" RANLIB="$RANLIB" MALLOC=libc BUILD_TLS=no USE_SYSTEMD=no; }
# The names are set here, because check runs alone.
eval "check() {
  ./runtest --clients 2 --durable --timeout 600 --tags -slow --skiptest '/[Ff]uzz' --skiptest '/#4906|transfer large values' \
    $(printf ' --single unit/%s' $units) $(printf ' --single integration/%s' $integration)
}"
results() {
  sed -E 's/\x1b\[[0-9;]*m//g' | sed -nE 's/ \([0-9]+ ms\)$//; s/^\[ok\]: /PASS /p; s/^\[(err|exception)\]: /FAIL /p; s/^\[(ignore|skip)\]: /SKIP /p' |
    sort -u
}
