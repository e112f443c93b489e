# Many small programs, each with an output that is the same on every run.
export LC_ALL=C TZ=UTC
set -u
mkdir -p tree/{a,b}/{c,d} "tree/with space"
seq 1 200 >numbers
for i in $(seq 20); do echo "line $i" >"tree/a/file$i"; done
printf '3 c\n1 a\n2 b\n' >left
printf '1 x\n2 y\n4 z\n' >right

echo "-- text"
sort -n left | tee sorted
join sorted right
sort -rk2 left | paste - numbers | head -n 3
comm -12 <(cut -d' ' -f1 left | sort) <(cut -d' ' -f1 right)
uniq -c <(printf 'a\na\nb\n')
tr a-z A-Z <left | rev | tac
head -c 20 numbers | od -An -tx1
tail -n 2 numbers | nl
fold -w 10 <<<"a long line of text that is folded" | fmt -w 20
printf 'a\tb\n' | expand | unexpand -a | cat -A
pr -t -3 -l 10 numbers | head -n 5
wc numbers
split -l 50 numbers part. && cat part.* | cmp - numbers && echo "split is whole"
csplit -s numbers /^100$/ && wc -l xx00 xx01
tsort <<<"a b b c a c"
shuf --random-source=numbers -n 3 numbers
ptx -G <<<"one two" | head -n 2
grep -c 7 numbers && sed -n '5,7p;7q' numbers && awk 'NR % 50 == 0 { s += $1 } END { print s }' numbers
column -t left 2>/dev/null || cat left
diff left right
xargs -n 50 -P 3 sh -c 'echo $#' <numbers | sort
strings /bin/true | wc -l

echo "-- numbers and sums"
expr 6 '*' 7 && factor 1001 && numfmt --to=iec 123456789 && printf '%08.3f\n' 3.14159
for sum in cksum md5sum sha1sum sha224sum sha256sum sha384sum sha512sum b2sum sum; do $sum numbers; done
sha256sum numbers >sums && sha256sum -c sums
base64 numbers | base64 -d | cmp - numbers && base32 left && basenc --base16 left

echo "-- files"
cp -a tree copy && diff -r tree copy && echo "copied"
cp --reflink=auto --sparse=always numbers sparse
mv copy moved && ls moved && mv -n numbers left && ls numbers
ln -s tree/a symbolic && ln numbers hard && readlink symbolic && realpath --relative-to=. symbolic/file3
stat -c '%n %s %A %h %F' numbers hard symbolic tree
touch -d '2020-02-03 04:05:06' dated && stat -c %y dated && ls -l --time-style=long-iso dated | cut -d' ' -f6-
date -d '2024-02-29 + 1 year' +%F && date -u -d @0 && date -r dated +%s
chmod u+x,g-w numbers && chmod 4711 left && stat -c %a numbers left
truncate -s 1M zeros && du --apparent-size -k zeros && dd if=zeros of=ones bs=64k count=4 conv=notrunc 2>&1 | head -n 2
install -D -m 750 numbers deep/er/installed && stat -c %A deep/er/installed
mkfifo fifo && { cat fifo & echo "through the fifo" >fifo; wait; }
mknod -m 600 fifo2 p && test -p fifo2 && echo "is a fifo"
mktemp -u name.XXXX | wc -c && mktemp -d "$PWD/folder.XXXXXX" | xargs basename | wc -c
link numbers linked && unlink linked && shred -u -n 1 hard && ls hard 2>&1
rmdir tree/b/c && rm -rf moved && ls -R tree | head -n 8 && dir -1 tree && vdir tree/with* | head -n 1
pathchk -p "$(printf 'a%.0s' {1..300})" 2>/dev/null || echo "too long"
basename /a/b.c .c && dirname /a/b/c && df --output=target / | tail -n 1
tar -cf archive.tar tree && tar -tf archive.tar | wc -l && tar -xf archive.tar -C deep && ls deep
gzip -k numbers && zcat numbers.gz | cmp - numbers && bzip2 -k numbers && bzcat numbers.bz2 | cmp - numbers && echo "packed"
sync numbers && chown "$(id -u):$(id -g)" numbers && chgrp "$(id -g)" numbers

echo "-- find"
find tree -type f -name '*1?' | sort
find tree -type f -exec wc -c {} + | tail -n 1
find tree -name 'file[12]' -exec echo found {} \; | sort
find tree -print0 | xargs -0 -n 1 echo | wc -l
find tree -empty -type d | sort
find tree -newer dated -maxdepth 1 | wc -l
find . -size +500k -printf '%f %s %y\n' | sort
find tree -name 'file9' -delete && ls tree/a/file9 2>&1
find tree -execdir pwd \; | sort -u | wc -l

echo "-- processes"
nice -n 5 nice && nohup echo "not hung up" 2>/dev/null
timeout 0.2 sleep 10; echo "timeout: $?"
timeout -s KILL 0.2 sleep 10; echo "killed: $?"
env -i A=1 printenv A && env | grep -c PATH= && printenv NOTHING || echo "not set"
whoami && id -u && groups >/dev/null && logname >/dev/null 2>&1; uname -s && uname -m && nproc >/dev/null && hostname >/dev/null
sleep 0.1 && kill -l 9 && true && test 1 -lt 2 && [ a = a ] && echo "tests"
tty <numbers; stdbuf -oL echo "buffered" && yes | head -n 2
seq 3 | tee >(cat >tee1) tee2 >/dev/null && cat tee2 && stty size <numbers 2>/dev/null || echo "no terminal"
ps -o comm= -p $$; sort --parallel=4 -S 1M -rn numbers | head -n 1
setsid -w echo "own session" && flock lock echo "locked" && chrt -p $$ | grep -c policy && taskset -p $$ | wc -l
ionice true; getopt -o ab: -- -a -b c d && logger -s --no-act message 2>&1 | grep -c message && hexdump -C left | head -n 1
cat /no/such/file; ls /no/such/folder; cp numbers /no/such/folder/
echo "the script ended"
