# What a shell script does with processes; the same output natively and under km.
export LC_ALL=C
echo "arguments: $# <$2> status: $?"

echo "-- pipelines"
seq 1 1000 | grep 7 | sort -rn | head -n 3
false | true | (exit 3) | true
echo "${PIPESTATUS[*]}"
set -o pipefail
if ! false | cat; then echo "pipefail"; fi
set +o pipefail
yes | head -n 20000 | wc -l
shopt -s lastpipe
printf 'a\nb\n' | while read -r line; do last=$line; done
echo "last: $last"
{ echo out; echo err >&2; } 2>&1 | sort
diff <(seq 1 5) <(seq 2 6)
tee >(tr a-z A-Z >upper) >/dev/null <<<"to upper case"
while ! [ -s upper ]; do sleep 0.01; done
cat upper

echo "-- here documents"
name=world
cat <<END
hello $name $((6 * 7)) $(echo nested)
END
cat <<'END'
hello $name
END
cat <<-END
	tabs are gone
	END
wc -c <<<"$(seq 1 50000)"

echo "-- traps"
trap 'echo "USR1 seen"' USR1
kill -USR1 $$
(trap 'echo "inner TERM"; exit 9' TERM; kill -TERM "$BASHPID"; echo unreachable)
echo "status $?"
bash -c 'kill -KILL $$' 2>/dev/null
echo "killed: $?"
bash -c 'ulimit -c 0; kill -SEGV $$' 2>/dev/null
echo "segv: $?"
bash -c 'trap "" TERM; kill -TERM $$; bash -c "kill -TERM \$\$; echo still here"; echo ignored'
(trap 'echo "at exit"' EXIT; echo "in the subshell")
(set -e; trap 'echo "error on line"' ERR; false; echo unreachable)
sleep 30 &
sleeper=$!
(sleep 0.3; kill -USR1 $$) &
wait $sleeper
echo "wait was interrupted: $(($? > 128))"
kill $sleeper
wait $sleeper 2>/dev/null
echo "terminated: $?"
wait

echo "-- jobs"
bash -c 'for i in 3 1 2; do (sleep "$((i / 2)).$((i * 5 % 10))"; exit "$i") & done
for i in 1 2 3; do wait -n; echo "ended with $?"; done'
set -m
sleep 30 &
sleeper=$!
kill -STOP $sleeper
while ! grep -q '^State:.*stopped' /proc/$sleeper/status; do sleep 0.01; done
jobs %% | sed 's/.*Stopped/Stopped/'
kill -CONT $sleeper
kill %%
status=147 # as long as the shell has not heard of the continuation
while [ $status = 147 ]; do
  wait $sleeper 2>/dev/null
  status=$?
done
echo "job: $status"
set +m
coproc BC { while read -r expression; do echo $((expression)); done; }
echo "6 * 7" >&"${BC[1]}"
read -r answer <&"${BC[0]}"
echo "coprocess: $answer"
eval "exec ${BC[1]}>&-"
wait

echo "-- descriptors"
exec 5>numbered
echo "to five" >&5
exec 5>&-
cat numbered
exec 6<>both
echo both >&6
cat both
{ echo moved >&7; } 7>&1
ls -1 /dev/fd/ | head -n 3 | wc -l
echo "noclobber"
set -C
(echo again >numbered) 2>/dev/null || echo "kept"
set +C

echo "-- limits and environment"
(ulimit -s unlimited; ls -d /usr/bin)
(ulimit -s 1024; ls -d /usr/lib)
(ulimit -n 32; ulimit -n; ls -d /usr/share)
(ulimit -f 1; head -c 100000 /dev/zero >big) 2>/dev/null
echo "too large: $(($? > 128)) $(stat -c %s big)"
(umask 027; touch masked; stat -c %A masked)
VARIABLE=seen bash -c 'echo "$VARIABLE $0 $1"' zero first
(exec -a renamed bash -c 'echo $0')
env -i /bin/bash -c 'echo "${PATH:+path} ${HOME:-no home}"'
cd /usr/share && cd - >/dev/null && echo "$OLDPWD"

echo "-- what cannot be run"
/no/such/program 2>/dev/null
echo "missing: $?"
echo 'echo "no shebang: $1"' >plain
chmod +x plain
./plain argument
printf '#!/bin/bash -eu\necho "shebang: $- $1" | tr -d Bh\n' >script
chmod +x script
./script argument
echo data >data
./data 2>/dev/null
echo "no permission: $?"
printf '#!/no/such/interpreter\n' >wrong
chmod +x wrong
./wrong 2>/dev/null
echo "no interpreter: $?"

echo "-- the language"
declare -A map=([one]=1 [two]=2)
for key in "${!map[@]}"; do echo "$key=${map[$key]}"; done | sort
mapfile -t lines < <(seq 1 5)
echo "${#lines[@]} ${lines[-1]} ${lines[*]:1:2}"
text="The Quick brown fox"
echo "${text,,} ${text//o/0} ${text#* } ${text:4:5}"
[[ $text =~ (Q[a-z]+)\ ([a-z]+) ]] && echo "${BASH_REMATCH[1]} ${BASH_REMATCH[2]}"
fib() { (($1 < 2)) && echo "$1" || echo $(($(fib $(($1 - 1))) + $(fib $(($1 - 2))))); }
echo "forks: $(fib 7)"
printf '%q %s %05d %x\n' "a b" text 42 255
read -r -t 0.05 never < <(sleep 0.3)
echo "read timed out: $(($? > 128))"
time -p true 2>/dev/null
trap 'echo "the script ended"' EXIT
exit 0
