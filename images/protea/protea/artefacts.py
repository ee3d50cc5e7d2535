"""Objects in MinIO over the S3 protocol. Two verbs and the standard library: an S3 package would triple a worker's memory."""

import hashlib
import hmac
import http.client
import re
from datetime import UTC, datetime
from urllib.parse import quote

from protea import settings

_REGION = "us-east-1"


class ArtefactError(Exception):
    """MinIO answered with an error."""


def put(key: str, content: bytes) -> None:
    _request("PUT", key, content)


def get(key: str) -> bytes:
    return _request("GET", key, b"")


def _request(method: str, key: str, content: bytes) -> bytes:
    path = quote(f"/{settings.MINIO_BUCKET}/{key}")
    connection = http.client.HTTPConnection(settings.MINIO_ENDPOINT, timeout=10)
    try:
        connection.request(method, path, content, _signed_headers(method, path, content))
        response = connection.getresponse()
        body = response.read()
    finally:
        connection.close()
    if response.status != 200:
        code = re.search(rb"<Code>(\w+)</Code>", body)
        reason = code[1].decode() if code else response.reason
        raise ArtefactError(f"{method} {path} on {settings.MINIO_ENDPOINT}: {response.status} {reason}")
    return body


def _signed_headers(method: str, path: str, content: bytes) -> dict[str, str]:
    """AWS Signature Version 4."""
    now = datetime.now(UTC)
    time, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    digest = hashlib.sha256(content).hexdigest()
    headers = {"host": settings.MINIO_ENDPOINT, "x-amz-content-sha256": digest, "x-amz-date": time}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"{method}\n{path}\n\n{lines}\n{names}\n{digest}"
    scope = f"{day}/{_REGION}/s3/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{settings.MINIO_SECRET_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    credential = f"{settings.MINIO_ACCESS_KEY}/{scope}"
    headers["Authorization"] = f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    return headers
