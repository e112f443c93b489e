import platform

import flask
import markupsafe
import simplejson

app = flask.Flask(__name__)


@app.get("/")
def facts():
    body = simplejson.dumps({"escaped": markupsafe.escape("<b>"), "kernel": platform.release()})
    return flask.Response(body, mimetype="application/json")
