# ls -laR over a tree with every kind of name and file.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
# Not in the work folder itself: its own entry, which `ls -la` lists as .., changes with the output files.
mkdir -p still/tree && cd still
mkdir -p "tree/a/b/c" "tree/with space" tree/empty
for i in $(seq 300); do echo "$i" >"tree/a/file$i"; done
ln -s a/file1 tree/link
ln -s missing tree/dangling
mkfifo tree/pipe
chmod 4755 tree/a/file2
touch -d '2001-02-03 04:05:06' tree/a/file3 "tree/with space/"$'new\nline'
cd ..
run_both ls -laR still/tree
run_both ls -la --time-style=full-iso -i still/tree/a
run_both ls still/tree/nothing
