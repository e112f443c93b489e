# Lua: `make test`, and its own interpreter and compiler on a script of each kind of value (Debian's source is without
# the test suite).
# shellcheck shell=bash disable=SC2034,SC2154
package=lua5.4 version=5.4.4-3+deb12u1 title=Lua
leaves_out="the test suite, which is not in the source package"
build() { make -C src CC="$CC" AR="$AR rcu" RANLIB="$RANLIB" posix; }
check() {
  make test
  echo 'for i = 1, 3 do print(i, i // 2, i / 2, ("%q"):format(i), #tostring(i)) end assert(not pcall(error))' >t.lua
  ./src/luac -o t.out t.lua
  ./src/lua t.out
  ./src/luac -l t.lua | grep -c 'RETURN'
}
results() { sed -nE 's/^(Lua 5.*)/PASS \1/p; s/^([0-9.\t -]+)$/PASS \1/p'; }
