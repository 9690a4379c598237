"""The client of Tollgate. `Client` speaks to the API, `webhooks.verify` reads what an endpoint is sent."""

from . import errors, models, operations, webhooks
from ._version import VERSION as __version__
from .client import Answer, Client
from .download import Download
from .problem import ApiError, ConnectionFailed, Place, TollgateError, UnexpectedAnswer
from .notice import Notice
from .operation import Operation
from .pages import Page, Pages
from .retry import Clock, Retries
from .stream import Stream
from .transport import HttpTransport, Reply, Request, Transport
from .webhooks import WebhookRefused

__all__ = [
    "Answer",
    "ApiError",
    "Client",
    "Clock",
    "ConnectionFailed",
    "Download",
    "HttpTransport",
    "Notice",
    "Operation",
    "Page",
    "Pages",
    "Place",
    "Reply",
    "Request",
    "Retries",
    "Stream",
    "TollgateError",
    "Transport",
    "UnexpectedAnswer",
    "WebhookRefused",
    "__version__",
    "errors",
    "models",
    "operations",
    "webhooks",
]
