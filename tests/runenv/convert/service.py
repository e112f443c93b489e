"""A WSGI service with a package of its own, a native one, a database and TLS; its state is a file."""
import sqlite3
import ssl
import sys
import wsgiref.simple_server

import greeting
import native

database = sqlite3.connect("/tmp/visits.db")
database.execute("create table if not exists visits (path text)")


def application(environ, start_response):
    database.execute("insert into visits values (?)", (environ["PATH_INFO"],))
    count = database.execute("select count(*) from visits").fetchone()[0]
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{greeting.text()} {native.answer()} visit {count} tls {ssl.HAS_TLSv1_3}\n".encode()]


if len(sys.argv) > 1:
    print(greeting.text())
else:
    wsgiref.simple_server.make_server("", 8080, application).serve_forever()
