"""A web service with Flask: GET /stop ends it."""
import os
import signal
import threading

from flask import Flask

app = Flask(__name__)
visitors = 0


@app.route("/")
def hello():
    global visitors
    visitors += 1
    return f"hello from Python, visitor {visitors}\n"


@app.route("/stop")
def stop():
    threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGTERM)).start()  # after the answer
    return "stopping\n"


if __name__ == "__main__":
    app.run(host="0.0.0.0", port=8080)
