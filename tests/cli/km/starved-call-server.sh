# The thread that makes calls for the payload may get no processor, and stop and go with the process: the payload's calls
# are made all the same.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload counting-calls
mkfifo go
spinners=()
end_spinners() { for pid in "${spinners[@]}"; do kill "$pid" 2>/dev/null || true; done; }
trap 'end_spinners; rm -rf "$workdir"' EXIT

"$km" --calls=exitless ./counting-calls 20000 <go >out &
child=$!
exec 3>go
echo >&3
until_served "$child"
for ((i = 0; i < $(nproc); i++)); do
  (while :; do :; done) 3>&- &
  spinners+=($!)
done
for tid in $(helper_of "$child"); do chrt --idle --pid 0 "$tid" || skip "chrt cannot be used"; done
kill -STOP "$child"
sleep 0.2
kill -CONT "$child"
exec 3>&-
wait "$child" || fail "status $?"
expect_equal "$(tail -n 1 out)" "done" "the payload's last word"
