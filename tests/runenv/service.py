"""Says what it runs on, over HTTP."""
import http.server
import json
import platform
import sqlite3
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        facts = {"python": sys.version.split()[0], "kernel": platform.release(), "sqlite": sqlite3.sqlite_version,
                 "tls": ssl.OPENSSL_VERSION}
        body = json.dumps(facts).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


http.server.ThreadingHTTPServer(("", 8080), Handler).serve_forever()
