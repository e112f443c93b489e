# SQLite's shell from Debian's source package, built by kontain-gcc: 200 000 rows, queries, integrity check.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
unpack_source sqlite3 3.40.1-2+deb12u2
mkdir build
(cd build && ../source/configure CC="$KONTAIN_SDK/bin/kontain-gcc" --disable-tcl --disable-readline \
  --disable-load-extension && make sqlite3.c shell.c) >build.log 2>&1 ||
  { tail -20 build.log; fail "SQLite's sources cannot be generated"; }
# Not optimised: that takes the compiler ten times as long, and Lua is. One call a page, not two, as Debian has it.
"$KONTAIN_SDK/bin/kontain-gcc" -DUSE_PREAD -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -Ibuild -o sqlite3 \
  build/shell.c build/sqlite3.c -lm
cat >load.sql <<'S'
.bail on
PRAGMA journal_mode = delete;
PRAGMA cache_size = -16384;
CREATE TABLE t(id INTEGER PRIMARY KEY, name TEXT, value REAL);
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
INSERT INTO t SELECT i, 'name ' || (i * 7919 % 200003), i / 3.0 FROM n;
CREATE INDEX by_name ON t(name);
SELECT count(*), min(name), max(name), round(sum(value), 3) FROM t;
SELECT * FROM t WHERE name = 'name 4242';
SELECT substr(name, 6, 1) AS d, count(*) FROM t GROUP BY d ORDER BY d;
UPDATE t SET value = -value WHERE id % 1000 = 0;
DELETE FROM t WHERE id % 7 = 0;
SELECT count(*), total(value) < 0 FROM t WHERE value < 0;
PRAGMA integrity_check;
S
input=load.sql
rm -f native.db km.db
./sqlite3 native.db <load.sql >native.out 2>native.err || fail "native: $(cat native.err)"
"$km" ./sqlite3 km.db <load.sql >km.out 2>km.err || fail "under km: $(cat km.err)"
diff native.out km.out || fail "the answers differ"
expect_equal "$(tail -n 1 km.out)" ok "integrity check"
cmp native.db km.db || fail "the data bases differ"
input=/dev/null
run_both ./sqlite3 km.db 'SELECT count(*) FROM t' 'SELECT * FROM no_such_table'
