"""JSON over HTTP with the standard library: Elasticsearch and Triton need no more."""

import base64
import http.client
import json
from urllib.parse import unquote, urlsplit

from robotoff import settings


class HTTPError(Exception):
    """The server answered with a status of 400 or above."""

    def __init__(self, status: int, body: str):
        super().__init__(f"HTTP {status}: {body[:300]}")
        self.status = status


def _request(host: str, port: int, method: str, path: str, body, headers: dict, timeout_seconds: float):
    connection = http.client.HTTPConnection(host, port, timeout=timeout_seconds)
    try:
        payload = None if body is None else json.dumps(body)
        connection.request(method, path, payload, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    if response.status >= 400:
        raise HTTPError(response.status, text)
    return json.loads(text) if text else None


def elasticsearch(method: str, path: str, body=None, timeout_seconds: float = 10):
    # Upstream writes the password into a URL as it is: what has a meaning there does not arrive.
    at = f"{settings.ELASTIC_HOST}:{settings.ELASTIC_PORT}"
    url = urlsplit(f"http://{settings.ELASTIC_USER}:{settings.ELASTIC_PASSWORD}@{at}")
    if not url.hostname or not url.port:
        raise ValueError("ELASTIC_PASSWORD has characters that do not fit into a URL")
    credentials = f"{unquote(url.username or '')}:{unquote(url.password or '')}".encode()
    headers = {"Authorization": "Basic " + base64.b64encode(credentials).decode()} if url.password else {}
    return _request(url.hostname, url.port, method, path, body, headers, timeout_seconds)


def triton(method: str, path: str, body=None, timeout_seconds: float = 10):
    host, _, port = settings.TRITON_HTTP_URI.partition(":")
    return _request(host, int(port or 8000), method, path, body, {}, timeout_seconds)
