"""proxy.py PORT TARGET [--cut N | --drop N | --busy N | --damage | --token KEY]: an HTTP proxy in front of a registry on this machine.

Writes one line a request: method, path, ranges, status. --cut breaks every connection after N bytes of content in either
direction, --drop drops the first of every N PATCHes before it is read, --busy answers the first N requests with 503, --damage changes one byte of every blob that is downloaded.
--token demands a bearer token, which it gives out at /token to whoever has the password `user:KEY`.
"""
import argparse
import base64
import http.client
import http.server
import socket
import sys
import threading

options = argparse.ArgumentParser()
options.add_argument("port", type=int)
options.add_argument("target", type=int)
options.add_argument("--cut", type=int)
options.add_argument("--drop", type=int)
options.add_argument("--busy", type=int, default=0)
options.add_argument("--damage", action="store_true")
options.add_argument("--token")
options = options.parse_args()
LOCK = threading.Lock()
BUSY = [options.busy]
PATCHES = [0]
TOKEN = "the.token"


class Proxy(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def note(self, status):
        with LOCK:
            print(self.command, self.path, "range=" + self.headers.get("Range", "-"),
                  "content-range=" + self.headers.get("Content-Range", "-"), status, flush=True)

    def answer(self, status, headers, body=b""):
        self.note(status)
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def dropped(self):
        if self.command != "PATCH" or not options.drop:
            return False
        with LOCK:
            PATCHES[0] += 1
            drop = PATCHES[0] % options.drop == 1
        if drop:
            self.note("dropped")
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        return drop

    def refused(self):
        if self.path.startswith("/token"):
            wanted = "Basic " + base64.b64encode(f"user:{options.token}".encode()).decode()
            good = self.headers.get("Authorization") == wanted
            self.answer(200 if good else 401, [], b'{"token":"%s"}' % TOKEN.encode() if good else b"{}")
            return True
        if options.token and self.headers.get("Authorization") != "Bearer " + TOKEN:
            length = int(self.headers.get("Content-Length", 0))
            self.rfile.read(length)
            realm = f'Bearer realm="http://localhost:{options.port}/token",service="test",scope="repository:x:pull"'
            self.answer(401, [("WWW-Authenticate", realm)])
            return True
        with LOCK:
            busy = BUSY[0] > 0
            BUSY[0] -= busy
        if busy:
            self.answer(503, [("Retry-After", "0")])
        return busy

    def upstream(self):
        """Sends the request on; None when it was cut."""
        length = int(self.headers.get("Content-Length", 0))
        connection = http.client.HTTPConnection("127.0.0.1", options.target)
        connection.putrequest(self.command, self.path, skip_host=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders()
        sent = 0
        while sent < length:
            piece = self.rfile.read(min(65536, length - sent))
            connection.send(piece)
            sent += len(piece)
            if options.cut and sent >= options.cut and sent < length:
                # The registry sees its client go away, the client sees the registry go away.
                connection.close()
                return None
        return connection.getresponse()

    def relay(self):
        if self.dropped() or self.refused():
            return
        reply = self.upstream()
        if reply is None:
            self.note("cut")
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        self.note(reply.status)
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("connection", "transfer-encoding", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        done = 0
        damage = options.damage and "/blobs/" in self.path
        while self.command != "HEAD":
            piece = reply.read(65536)
            if not piece:
                break
            if damage:
                piece, damage = bytes([piece[0] ^ 1]) + piece[1:], False
            self.wfile.write(piece)
            done += len(piece)
            if options.cut and done >= options.cut:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = relay


http.server.ThreadingHTTPServer.request_queue_size = 32
server = http.server.ThreadingHTTPServer(("127.0.0.1", options.port), Proxy)
server.daemon_threads = True
try:
    server.serve_forever()
except KeyboardInterrupt:
    sys.exit(0)
