# Lua 5.4 from Debian's source package, built by kontain-gcc, running a real script.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
unpack_source lua5.4 5.4.4-3+deb12u1
make -C source/src CC="$KONTAIN_SDK/bin/kontain-gcc" AR="ar rcu" MYCFLAGS=-DLUA_USE_POSIX -j2 lua >build.log 2>&1 ||
  { tail -20 build.log; fail "Lua does not build"; }
cat >script.lua <<'L'
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print("fib", fib(24))
local counters = {}
for i = 1, 3 do local n = 0; counters[i] = function() n = n + i; return n end end
print(counters[1](), counters[2](), counters[2](), counters[3]())
local producer = coroutine.wrap(function() for word in ("one two three"):gmatch("%a+") do coroutine.yield(word) end end)
print(producer(), producer(), producer())
local words = {}
for i = 1, 20000 do words[#words + 1] = string.format("%05d:%x", i * 7919 % 20011, i) end
table.sort(words)
print(words[1], words[#words], #table.concat(words, ","))
local weak = setmetatable({}, {__mode = "v"})
for i = 1, 1000 do weak[i] = {i} end
collectgarbage()
print("collected", next(weak) == nil)
local file = assert(io.open("lua.out", "w"))
file:write(("line\n"):rep(1000)):close()
local lines = 0
for _ in io.lines("lua.out") do lines = lines + 1 end
print(lines, math.type(3), 7 // 2, 7 % -3, 2 ^ 0.5, 0x7fffffffffffffff + 1)
print(pcall(error, {code = 5}), select("#", table.unpack({1, nil, 3}, 1, 3)))
print(os.rename("lua.out", "renamed"), os.remove("renamed"), io.open("renamed"))
L
run_both ./source/src/lua script.lua
run_both ./source/src/lua -e 'error("seen")'
"$KONTAIN_BUILD/tests/cli/toolchain/read_note" source/src/lua | grep -qi kontain || fail "lua has no Kontain note"
