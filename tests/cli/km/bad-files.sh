# Files that are no runnable program: status 126, missing ones 127, one line each.
. "$KONTAIN_SOURCE/tests/cli/km/lib.sh"
payload hello
echo 'just text' >text
: >empty
mkdir folder
printf '\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0\1\0\0\0' >arm && head -c 200 /dev/zero >>arm
printf '\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\2\0\3\0\1\0\0\0' >elf32 && head -c 200 /dev/zero >>elf32
head -c 700 hello >./cut
head -c 30 hello >cut-header
printf '#!\n' >no-interpreter
printf '#!/nonexistent/interpreter\n' >lost-interpreter
chmod +x text arm elf32 cut cut-header no-interpreter lost-interpreter empty
cp hello no-permission && chmod 644 no-permission

while read -r file status words; do
  expect_status "$status" "$km" "./$file"
  one_line_error "$words"
  expect_contains err "$file"
done <<'T'
text 126 neither an ELF file nor
empty 126 empty
folder 126 it is a directory
arm 126 not an x86-64 program
elf32 126 32-bit
cut 126 truncated
cut-header 126 truncated
no-interpreter 126 interpreter
no-permission 126 ermission
missing 127 No such file or directory
missing/below 127 No such file or directory
T
expect_status 127 "$km" ./lost-interpreter
one_line_error /nonexistent/interpreter
expect_status 127 "$km" no-such-program-anywhere
one_line_error no-such-program-anywhere
expect_status 127 "$km" $'name\nwith a newline'
one_line_error 'name\nwith a newline'
# A FIFO must not make km wait.
mkfifo pipe && chmod +x pipe
expect_status 126 timeout 10 "$km" ./pipe
