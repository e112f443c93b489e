# docker run: statuses, streams, users, settings of the process, file systems.
# shellcheck shell=bash disable=SC2016,SC2154

stdin_is_read() { [ "$(echo text | docker run -i --rm --runtime="$runtime" --network none bb cat)" = text ]; }
much_stdin_is_read() {
  local sum
  sum=$(seq 300000 | md5sum)
  [ "$(seq 300000 | docker run -i --rm --runtime="$runtime" --network none bb md5sum)" = "$sum" ]
}
much_output_comes() { [ "$(plain bb seq 200000 | md5sum)" = "$(seq 200000 | md5sum)" ]; }
streams_are_apart() {
  plain bb sh -c 'echo out; echo err >&2' >o 2>e
  [ "$(cat o)/$(cat e)" = out/err ]
}
volume_keeps() {
  docker volume create v1
  plain -v v1:/v bb sh -c 'echo kept >/v/f'
  says kept plain -v v1:/v bb cat /v/f
}
volume_is_filled() { says user plain -v filled:/etc bb cat /etc/passwd; }
bind_is_shared() {
  mkdir -p bound
  echo b >bound/f
  says b plain -v "$PWD/bound:/b" bb cat /b/f
  plain -v "$PWD/bound:/b" bb touch /b/g
  test -e bound/g
}
bind_readonly() {
  mkdir -p bound
  fails_saying 'Read-only' plain -v "$PWD/bound:/b:ro" bb touch /b/x
}
bind_of_a_file() {
  echo one >single
  says one plain --mount "type=bind,src=$PWD/single,dst=/etc/single,readonly" bb cat /etc/single
}
volumes_from() {
  start vf -v /shared bb sleep 60
  docker exec vf touch /shared/x
  plain --volumes-from vf bb test -e /shared/x
}
twenty_in_a_row() { for _ in $(seq 20); do plain bb true; done; }
eight_at_once() {
  local job jobs=()
  for job in $(seq 8); do
    plain bb sh -c "sleep 0.2; echo $job" >"once.$job" &
    jobs+=($!)
  done
  for job in "${jobs[@]}"; do wait "$job"; done
  [ "$(cat once.* | sort | xargs)" = "1 2 3 4 5 6 7 8" ]
}
env_file() {
  printf 'ONE=1\nTWO=two words\n' >vars
  says 'TWO=two words' plain --env-file vars bb env
}
cidfile() {
  rm -f id
  plain --cidfile id bb true
  [ "$(wc -c <id)" = 64 ]
}

checks_run() {
  check "echo" says hi plain bb echo hi
  check "status of the program" status 42 plain bb sh -c 'exit 42'
  check "status 127 for what is missing" status 127 plain bb nothing
  check "status 127 for a missing path" status 127 plain bb /no/thing
  check "message for what is missing" fails_saying 'executable file not found' plain bb nothing
  check "status 126 for what cannot run" status 126 plain bb /etc/passwd
  check "status 126 for a folder" status 126 plain bb /etc
  check "status 125 for a bad option" status 125 plain --memory 1 bb true
  check "status 125 where a folder is no folder" status 125 plain -w /etc/passwd bb true
  check "status of a killed program" status 137 plain bb sh -c 'sh -c "kill -9 \$\$"; exit $?'
  check "status of a segfault" status 139 plain bb sh -c 'sh -c "kill -SEGV \$\$"; exit $?'
  check "stdin" stdin_is_read
  check "much stdin" much_stdin_is_read
  check "much output" much_output_comes
  check "stdout and stderr" streams_are_apart
  check "terminal" says 'crw' on_tty docker run --rm -it --runtime="$runtime" --network none bb ls -l /dev/pts/0
  check "terminal size" says '33 77' on_tty docker run --rm -it --runtime="$runtime" --network none bb sh -c 'sleep 1; stty size'
  check "/dev/console" says /dev/console on_tty docker run --rm -it --runtime="$runtime" --network none bb mount
  check "user by name" says 'uid=1000(user) gid=1000(user)' plain -u user bb id
  check "user by number" says 'uid=4321 gid=0' plain -u 4321 bb id
  check "user and group" says 'uid=1000(user) gid=2000(extra)' plain -u user:extra bb id
  check "user that is missing" fails_saying 'unable to find user' plain -u nobodyknows bb id
  check "group-add" says 2000 plain -u user --group-add 2000 bb id
  check "workdir" says /var/new plain -w /var/new bb pwd
  check "env" says A=b plain -e A=b bb env
  check "env file" env_file
  check "HOME" says HOME=/home/user plain -u user bb env
  check "hostname" says box plain --hostname box bb hostname
  check "domain name" says example plain --domainname example bb cat /proc/sys/kernel/domainname
  check "pid 1" says 1 plain bb sh -c 'echo $$'
  check "entrypoint" says x plain --entrypoint /bin/echo bb x
  check "init" says docker-init plain --init bb cat /proc/1/cmdline
  check "cidfile" cidfile
  check "read-only" fails_saying 'Read-only' plain --read-only bb touch /x
  check "read-only with tmpfs" plain --read-only --tmpfs /t bb touch /t/x
  check "read-only with a volume" plain --read-only -v vv:/v bb touch /v/x
  check "tmpfs options" says size=4096k plain --tmpfs /t:size=4m bb mount
  check "tmpfs by --mount" says size=8192k plain --mount type=tmpfs,dst=/t,tmpfs-size=8388608 bb mount
  check "shm size" says size=8192k plain --shm-size 8m bb mount
  check "volume" volume_keeps
  check "volume filled from the image" volume_is_filled
  check "bind mount" bind_is_shared
  check "bind mount, read-only" bind_readonly
  check "bind mount of a file" bind_of_a_file
  check "volumes-from" volumes_from
  check "twenty in a row" twenty_in_a_row
  check "eight at once" eight_at_once
}
