#!/bin/bash
# A build ends by a signal while a RUN step runs that would go on for long: the step ends with it, and gc removes the
# folder, whoever of the builder and krun was killed.
. "$KONTAIN_SOURCE/tests/lib/common.sh"
. "$KONTAIN_SOURCE/tests/krun/engine.sh"
. "$KONTAIN_SOURCE/tests/build/lib.sh"
need_kvm
[ "$(id -u)" -eq 0 ] || skip "the overlay of a RUN step needs root or subordinate ids"
for program in busybox pgrep; do command -v $program >/dev/null || skip "there is no $program"; done
make_store
build_busybox
mkdir step
# The first process of a pid namespace does not hear the signals that it has no handler for.
printf 'FROM bb\nRUN echo begun at; sleep 1000\n' >step/Dockerfile

# Where a step went on, this test has failed, and ends it.
clean_up() {
  if [ -n "${victim:-}" ]; then
    step_processes | xargs -r kill -KILL 2>/dev/null || true
    in_time steps_ended
    step_cgroups | xargs -r rmdir
  fi
  rm -rf "$workdir"
}
trap clean_up EXIT

began() { grep -q 'begun at$' output; }
only_the_lock_of_nobody() { build gc >/dev/null && [ -z "$(find "$store/build" -mindepth 1)" ]; }

# begin_step: a build that has come to its long step; its process in victim, its krun in runtime.
begin_step() {
  : >output
  # A shell lets its background processes ignore SIGINT.
  env --default-signal=INT "$KONTAIN_SDK/bin/kontain-build" --store "$store" --progress plain -t step step >output 2>&1 &
  victim=$!
  in_time began || fail "the step does not begin: $(cat output)"
  runtime=$(pgrep -f -- "run .*kontain-build-$victim-")
  [ -n "$(step_cgroups)" ] || fail "the step has no cgroup"
}

# nothing_of_it WHERE
nothing_of_it() {
  in_time steps_ended || fail "$1: the step goes on: $(step_processes | xargs -r ps -fp)"
  in_time only_the_lock_of_nobody || fail "$1: gc leaves $(find "$store/build" -mindepth 1 -maxdepth 2)"
  [ -z "$(step_cgroups)" ] || fail "$1: a cgroup is left: $(step_cgroups)"
  ! grep -q "$store/build" /proc/mounts || fail "$1: a mount is left"
}

for signal in INT TERM KILL; do
  begin_step
  kill -$signal "$victim"
  wait "$victim" 2>/dev/null || true
  nothing_of_it "the builder gets SIG$signal"
done

# Nobody is left that could end the step by itself: gc does.
begin_step
kill -STOP "$victim"
kill -KILL "$runtime"
kill -KILL "$victim"
wait "$victim" 2>/dev/null || true
! steps_ended || fail "the step ended by itself, which proves nothing"
build gc >/dev/null || fail "gc fails"
nothing_of_it "builder and krun are killed"

# Nor does a step go on behind a build that knows that it failed.
begin_step
kill -KILL "$runtime"
if wait "$victim" 2>/dev/null; then fail "a build without its krun succeeds"; fi
nothing_of_it "krun is killed"

# Another build leaves the step alone while its builder lives, and cleans up as gc does behind that.
begin_step
build --no-cache -t other bb.ctx >/dev/null
! steps_ended || fail "another build ended the step of one that runs"
kill -KILL "$victim"
wait "$victim" 2>/dev/null || true
in_time steps_ended || fail "the step goes on"
build --no-cache -t other bb.ctx >/dev/null
[ -z "$(find "$store/build" -mindepth 1)" ] || fail "the next build leaves $(find "$store/build" -mindepth 1 -maxdepth 2)"
