"""What the run against the API's description has to know of HTTP that a description does not say."""

import requests
import schemathesis

_send = requests.Session.send


def _bounded(session, request, **arguments):
    """Of a stream of events, which does not end by itself, what comes at first is its body."""
    response = _send(session, request, **{**arguments, "stream": True})
    if response.headers.get("Content-Type", "").startswith("text/event-stream"):
        first = response.raw.read1(65536)
        # The connection ends with it: what the stream would say next is no answer to anything.
        response.raw.close()
        response._content = first
        response._content_consumed = True
    elif not arguments.get("stream"):
        response.content
    return response


requests.Session.send = _bounded


def _whole(value):
    """JSON Schema takes 1.0 for a whole number; the API takes 1 alone."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {name: _whole(item) for name, item in value.items()}
    return value


@schemathesis.hook
def map_body(context, body):
    return _whole(body)
