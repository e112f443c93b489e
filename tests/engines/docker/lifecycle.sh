# What is done with containers that run: exec, signals, pause, logs, copies, images of them.
# shellcheck shell=bash disable=SC2016,SC2154

exec_works() { start e1 bb sleep 60; says hello docker exec e1 echo hello; }
exec_status() { start e1 bb sleep 60; status 9 docker exec e1 sh -c 'exit 9'; }
exec_missing() { start e1 bb sleep 60; status 126 docker exec e1 /etc/passwd; status 126 docker exec e1 nothing; }
exec_user() { start e1 bb sleep 60; says uid=1000 docker exec -u user e1 id; says /tmp docker exec -w /tmp e1 pwd; says V=1 docker exec -e V=1 e1 env; }
exec_stdin() { start e1 bb sleep 60; [ "$(echo piped | docker exec -i e1 cat)" = piped ]; }
exec_tty() { start e1 bb sleep 60; says /dev/pts on_tty docker exec -it e1 tty; }
exec_tty_size() { start e1 bb sleep 60; says '33 77' on_tty docker exec -it e1 sh -c 'sleep 1; stty size'; }
exec_detached() { start e1 bb sleep 60; docker exec -d e1 touch /tmp/there; in_time docker exec e1 test -e /tmp/there; }
exec_sees_pids() { start e1 bb sleep 61; says 'sleep 61' docker exec e1 ps; }
exec_privileged() {
  start e1 bb sleep 60
  local all some
  all=$(docker exec --privileged e1 grep CapEff /proc/self/status)
  some=$(docker exec e1 grep CapEff /proc/self/status)
  [ "$all" != "$some" ]
}
exec_many() {
  start e1 bb sleep 60
  local jobs=() job
  for job in $(seq 10); do docker exec e1 sh -c 'sleep 0.3' & jobs+=($!); done
  for job in "${jobs[@]}"; do wait "$job"; done
}
exec_dies_with_it() {
  start e1 bb sleep 3
  status 137 docker exec e1 sleep 60
}
exec_in_a_stopped() { start e1 bb true; docker wait e1; fails_saying 'is not running' docker exec e1 true; }
top_shows() { start t1 bb sleep 62; says 'sleep 62' docker top t1; }
pause_works() {
  start p1 bb sh -c 'while :; do echo x >>/tmp/ticks; sleep 0.1; done'
  in_time docker exec p1 test -e /tmp/ticks
  docker pause p1
  says paused inspect p1 '{{.State.Status}}'
  docker cp p1:/tmp/ticks before
  sleep 1
  docker cp p1:/tmp/ticks after
  cmp before after
  docker unpause p1
  sleep 0.5
  [ "$(docker exec p1 sh -c 'wc -l </tmp/ticks')" -gt "$(wc -l <before)" ]
}
kill_works() { start k1 bb sleep 60; docker kill k1; says 137 inspect k1 '{{.State.ExitCode}}'; }
trapping() { start "$1" bb sh -c "trap 'exit $3' $2; echo ready; while :; do sleep 0.1; done"; in_time says ready docker logs "$1"; }
kill_signal() { trapping k1 USR1 5; docker kill -s USR1 k1; says 5 docker wait k1; }
stop_works() { trapping k1 TERM 6; docker stop k1; says 6 docker wait k1; }
stop_signal() {
  start k1 --stop-signal INT bb sh -c "trap 'exit 7' INT; echo ready; while :; do sleep 0.1; done"
  in_time says ready docker logs k1
  docker stop k1
  says 7 docker wait k1
}
stop_kills() { start k1 bb sleep 60; docker stop -t 1 k1; says 137 docker wait k1; }
restart_works() { start r1 bb sleep 60; docker restart -t 1 r1; docker exec r1 true; }
start_again() {
  start r1 bb sh -c 'echo once'
  docker wait r1
  docker start r1
  docker wait r1
  [ "$(docker logs r1 | grep -c once)" = 2 ]
}
keeps_its_files() { start r1 bb sh -c 'echo x >>/count'; docker wait r1; docker start r1; docker wait r1; docker cp r1:/count c; [ "$(wc -l <c)" = 2 ]; }
restart_policy() {
  docker run -d --runtime="$runtime" --network none --restart on-failure:2 --name r1 bb false
  in_time says 2 inspect r1 '{{.RestartCount}}'
}
logs_work() { start l1 bb sh -c 'echo one; echo two >&2'; docker wait l1; says two docker logs l1; says one docker logs l1; }
logs_follow() { start l1 bb sh -c 'for i in 1 2 3; do echo line $i; sleep 0.3; done'; says 'line 3' docker logs -f l1; }
attach_works() { start a1 bb sh -c 'sleep 2; echo late'; says late docker attach --no-stdin a1; }
attach_signal() {
  start a1 bb sh -c 'trap "exit 8" INT; echo ready; while :; do sleep 0.1; done'
  in_time says ready docker logs a1
  /usr/bin/docker attach --no-stdin a1 &
  sleep 1
  kill -INT $!
  says 8 docker wait a1
}
cp_both_ways() {
  start c1 bb sleep 60
  echo data >f
  docker cp f c1:/tmp/f
  says data docker exec c1 cat /tmp/f
  docker cp c1:/etc/passwd g
  grep -q user g
}
health_is() { # STATUS COMMAND
  docker run -d --runtime="$runtime" --network none --health-cmd "$2" --health-interval 1s --health-retries 1 --name h1 bb sleep 60
  in_time says "$1" inspect h1 '{{.State.Health.Status}}'
}
health_output() { health_is healthy 'echo checked'; says checked inspect h1 '{{json .State.Health}}'; }
commit_works() { start m1 bb touch /committed; docker wait m1; docker commit m1 cmi; plain cmi test -e /committed; }
export_works() { start x1 bb touch /exported; docker wait x1; docker export x1 | tar -t | grep -x exported; }
diff_works() { start d1 bb touch /changed; docker wait d1; says 'A /changed' docker diff d1; }
rename_works() { start n1 bb sleep 60; docker rename n1 newname; docker exec newname true; }
wait_many() { start w1 bb sh -c 'exit 3'; start w2 bb sh -c 'exit 4'; says 3 docker wait w1 w2; }
daemon_restart() {
  start live --restart always bb sleep 60
  docker restart live
  says true inspect live '{{.State.Running}}'
}
checkpoint_is_named() { # what krun cannot do yet says so, and harms nothing
  [ "$runtime" = krun ] || return 0
  start c1 bb sleep 60
  fails_saying 'not supported yet: km has no snapshots' docker checkpoint create c1 first
  [ -z "$(docker checkpoint ls c1 | sed 1d)" ]
  says alive docker exec c1 echo alive
}
many_alive() {
  local i
  for i in $(seq 10); do start "m$i" bb sleep 60; done
  [ "$(docker ps -q | wc -l)" = 10 ]
  for i in $(seq 10); do docker exec "m$i" true; done
}

checks_lifecycle() {
  check "exec" exec_works
  check "exec: status" exec_status
  check "exec: what is missing" exec_missing
  check "exec: user, workdir, env" exec_user
  check "exec: stdin" exec_stdin
  check "exec: terminal" exec_tty
  check "exec: terminal size" exec_tty_size
  check "exec: detached" exec_detached
  check "exec: sees the container" exec_sees_pids
  check "exec: privileged" exec_privileged
  check "exec: ten at once" exec_many
  check "exec: ends with the container" exec_dies_with_it
  check "exec: in one that stopped" exec_in_a_stopped
  check "top" top_shows
  check "pause" pause_works
  check "kill" kill_works
  check "kill: with a signal" kill_signal
  check "stop" stop_works
  check "stop: with the image's signal" stop_signal
  check "stop: kills" stop_kills
  check "restart" restart_works
  check "start again" start_again
  check "files stay" keeps_its_files
  check "restart policy" restart_policy
  check "logs" logs_work
  check "logs: follow" logs_follow
  check "attach" attach_works
  check "attach: signals" attach_signal
  check "cp" cp_both_ways
  check "health check" health_output
  check "health check: unhealthy" health_is unhealthy 'exit 1'
  check "health check: what is missing" health_is unhealthy 'nothing'
  check "commit" commit_works
  check "export" export_works
  check "diff" diff_works
  check "rename" rename_works
  check "wait" wait_many
  check "restart: always" daemon_restart
  check "checkpoint" checkpoint_is_named
  check "ten alive at once" many_alive
}
