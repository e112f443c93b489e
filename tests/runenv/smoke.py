"""What programs expect of a Python that is whole. Ends with "all passed"."""
import asyncio
import bz2
import concurrent.futures
import ctypes
import dbm.dumb
import decimal
import hashlib
import importlib.util
import io
import json
import locale
import lzma
import multiprocessing
import os
import pathlib
import pickle
import queue
import random
import re
import select
import signal
import socket
import sqlite3
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import urllib.request
import uuid
import zlib
import zoneinfo
from datetime import datetime


def square(x):
    return x * x


class Smoke(unittest.TestCase):
    def test_version(self):
        self.assertEqual(sys.version_info[:2], (3, 11))

    def test_runs_under_km(self):
        self.assertTrue(os.uname().release.endswith(".kontain"), os.uname().release)

    def test_native_extension(self):
        path = pathlib.Path(__file__).parent / "native.so"
        if not path.exists():
            self.skipTest("no headers to build an extension with")
        spec = importlib.util.spec_from_file_location("native", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self.assertEqual(module.answer(), 42)

    def test_compression(self):
        data = random.Random(1).randbytes(100_000) + bytes(100_000)
        for module in (zlib, bz2, lzma):
            self.assertEqual(module.decompress(module.compress(data)), data)

    def test_digests(self):
        self.assertEqual(hashlib.sha256(b"").hexdigest()[:8], "e3b0c442")
        self.assertEqual(len(hashlib.scrypt(b"p", salt=b"s", n=2, r=8, p=1)), 64)

    def test_tls(self):
        context = ssl.create_default_context()
        self.assertGreater(len(context.get_ca_certs()), 50)
        self.assertIn("OpenSSL 3", ssl.OPENSSL_VERSION)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        client = context.wrap_bio(incoming, outgoing, server_hostname="example.org")
        with self.assertRaises(ssl.SSLWantReadError):
            client.do_handshake()
        self.assertGreater(outgoing.pending, 100)

    def test_sqlite(self):
        with tempfile.TemporaryDirectory() as folder:
            with sqlite3.connect(folder + "/db") as db:
                db.execute("create table t (a integer primary key, b text)")
                db.executemany("insert into t (b) values (?)", [(str(i),) for i in range(1000)])
            self.assertEqual(db.execute("select count(*), sum(a) from t").fetchone(), (1000, 500500))

    def test_dbm(self):
        with tempfile.TemporaryDirectory() as folder, dbm.dumb.open(folder + "/d", "c") as db:
            db["k"] = "v"
            self.assertEqual(db["k"], b"v")

    def test_ctypes(self):
        libc = ctypes.CDLL(None)
        self.assertEqual(libc.abs(-5), 5)
        compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
        numbers = (ctypes.c_int * 4)(3, 1, 4, 2)
        libc.qsort(numbers, 4, 4, compare(lambda a, b: a[0] - b[0]))
        self.assertEqual(list(numbers), [1, 2, 3, 4])

    def test_threads(self):
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            self.assertEqual(sum(pool.map(square, range(100))), 328350)
        numbers = queue.Queue()
        threads = [threading.Thread(target=numbers.put, args=(i,)) for i in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(numbers.qsize(), 20)

    def test_processes(self):
        with multiprocessing.get_context("fork").Pool(2) as pool:
            self.assertEqual(pool.map(square, range(10)), [i * i for i in range(10)])

    def test_subprocess(self):
        done = subprocess.run([sys.executable, "-c", "import sys; print(sys.stdin.read().upper())"], input="abc", text=True, capture_output=True)
        self.assertEqual((done.returncode, done.stdout), (0, "ABC\n"))

    def test_signals(self):
        seen = []
        signal.signal(signal.SIGALRM, lambda number, frame: seen.append(number))
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        time.sleep(0.3)
        self.assertEqual(seen, [signal.SIGALRM])

    def test_asyncio(self):
        async def echo():
            async def serve(reader, writer):
                writer.write((await reader.readline()).upper())
                await writer.drain()
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"hello\n")
            answer = await reader.readline()
            writer.close()
            server.close()
            return answer

        self.assertEqual(asyncio.run(echo()), b"HELLO\n")

    def test_sockets(self):
        left, right = socket.socketpair()
        left.sendall(b"x")
        self.assertEqual(select.select([right], [], [], 5)[0], [right])
        self.assertEqual(right.recv(1), b"x")
        left.close()
        right.close()

    def test_time_zones_and_locale(self):
        noon = datetime(2026, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Europe/Berlin"))
        self.assertEqual(noon.utcoffset().total_seconds(), 7200)
        self.assertEqual(sys.getfilesystemencoding(), "utf-8")
        self.assertIn("UTF-8", locale.setlocale(locale.LC_ALL, ""))

    def test_library(self):
        self.assertEqual(json.loads(json.dumps({"a": [1, None]})), {"a": [1, None]})
        self.assertEqual(pickle.loads(pickle.dumps(re.compile("a"))).pattern, "a")
        self.assertEqual(decimal.Decimal("0.1") * 3, decimal.Decimal("0.3"))
        self.assertEqual(uuid.uuid4().version, 4)
        self.assertEqual(struct.calcsize("qi"), 12)
        self.assertEqual(urllib.request.urlopen("data:,x").read(), b"x")
        self.assertEqual(io.StringIO("a\nb").readlines(), ["a\n", "b"])


if __name__ == "__main__":
    result = unittest.main(exit=False, verbosity=1).result
    print("all passed" if result.wasSuccessful() and result.testsRun > 15 else "FAILED")
    sys.exit(0 if result.wasSuccessful() else 1)
