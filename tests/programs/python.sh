# Debian's python3 with modules of every kind: pure, built in, and shared objects.
. "$KONTAIN_SOURCE/tests/programs/lib.sh"
cat >script.py <<'P'
import decimal, hashlib, json, re, sqlite3, sys, os, struct, zlib, datetime, collections
print(json.dumps({"pi": str(decimal.Decimal(2).sqrt()), "list": list(range(5))}, sort_keys=True))
print(hashlib.sha256(b"kontain" * 100000).hexdigest(), zlib.crc32(b"x" * 1000000))
print(re.findall(r"(\w)(\d+)", "a1 b22 c333"))
database = sqlite3.connect(":memory:")
database.execute("create table t(a integer primary key, b text)")
database.executemany("insert into t values(?, ?)", ((i, "row %d" % i) for i in range(20000)))
print(database.execute("select count(*), sum(a), max(b) from t where b like '%7%'").fetchone())
print(sorted(collections.Counter("the quick brown fox").items())[:4])
print(struct.pack(">Id", 7, 2.5).hex(), datetime.date(2024, 2, 29).isoformat())
with open("written", "w") as out:
    out.write("text\n" * 1000)
print(os.path.getsize("written"), sys.argv[1:])
try:
    os.listdir("/no/such/folder")
except OSError as error:
    print(error)
print(sum(x * x for x in range(300000)))
sys.exit(7)
P
run_both /usr/bin/python3 script.py some arguments
run_both /usr/bin/python3 -c 'import json, hashlib, decimal, re, sqlite3; print("imported")'
run_both /usr/bin/python3 -c 'raise SystemError("seen")'
