"""The S3 protocol with Python's standard library, as far as a backup needs it.

Listings use MinIO's `metadata=true`, which tells the tags of a thousand objects in one question; where a server does not,
each object is asked for its own. The headers in such a listing are not used: `Expires` is not among them.
"""

import hashlib
import hmac
import http.client
import json
import os
import ssl
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode, urlsplit

_REGION = "us-east-1"
_NOTHING = hashlib.sha256(b"").hexdigest()
_CHUNK = 2**20
_ATTEMPTS = 6
_UNRESERVED = "-_.~"
# What describes an object and goes back with it; besides, x-amz-meta-….
_KEPT = {
    "content-type", "cache-control", "content-disposition", "content-encoding", "content-language", "expires",
    "x-amz-website-redirect-location",
}  # fmt: skip


# An object's headers and its tags.
Described = tuple[dict[str, str], dict[str, str]]


class S3Error(Exception):
    """The server refused, or did not answer."""

    def __init__(self, what: str, status: int = 0, code: str = "") -> None:
        super().__init__(what)
        self.status, self.code = status, code


class _Here(Exception):
    """What failed was on this side, such as a full disk: no second try."""


def _here(write: Callable[[bytes], object], chunk: bytes) -> None:
    try:
        write(chunk)
    except OSError as problem:
        raise _Here(problem) from None


@dataclass(frozen=True, slots=True)
class Listed:
    """An object as a listing has it."""

    key: str
    size: int
    etag: str
    modified: str
    tags: dict[str, str] | None
    """None: this listing does not tell."""


def _pairs(text: str) -> dict[str, str]:
    return dict(sorted(parse_qsl(text, keep_blank_values=True)))


def _local(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _fields(element: ElementTree.Element) -> dict[str, str]:
    return {_local(child): child.text or "" for child in element}


class Client:
    """One server. Every thread has its own connection."""

    def __init__(self, address: str, password: str | None = None, authority: str | None = None) -> None:
        """`address` as mc takes it: http://USER:PASSWORD@HOST:PORT, both percent-encoded; without a password where that is given.

        ?region=NAME, where the server's is another than us-east-1. `authority`: a file of certificates (PEM), of which the server's
        has to be, instead of the public ones that this image knows.
        """
        parts = urlsplit(address)
        self._region = dict(parse_qsl(parts.query)).get("region", _REGION)
        self._secure = _trusting(authority) if parts.scheme == "https" else None
        self._host = parts.netloc.rpartition("@")[2]
        self._user, self._password = unquote(parts.username or ""), password if password is not None else unquote(parts.password or "")
        self._connections = threading.local()
        self.server = ""

    def _connection(self) -> http.client.HTTPConnection:
        connection = getattr(self._connections, "one", None)
        if connection is None:
            more: dict[str, Any] = {"timeout": 300, "blocksize": _CHUNK}
            if self._secure:
                connection = http.client.HTTPSConnection(self._host, context=self._secure, **more)
            else:
                connection = http.client.HTTPConnection(self._host, **more)
            self._connections.one = connection
        return connection

    def _signed(self, method: str, path: str, query: str, headers: dict[str, str], digest: str) -> dict[str, str]:
        """AWS Signature Version 4."""
        now = datetime.now(UTC)
        moment, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        headers = {**headers, "host": self._host, "x-amz-content-sha256": digest, "x-amz-date": moment}
        signed = sorted(name for name in headers if name == "host" or name.startswith("x-amz-"))
        lines = "".join(f"{name}:{' '.join(headers[name].split())}\n" for name in signed)
        request = f"{method}\n{path}\n{query}\n{lines}\n{';'.join(signed)}\n{digest}"
        scope = f"{day}/{self._region}/s3/aws4_request"
        request_digest = hashlib.sha256(request.encode("utf-8", "surrogateescape")).hexdigest()
        to_sign = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{request_digest}"
        key = f"AWS4{self._password}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self._user}/{scope}, SignedHeaders={';'.join(signed)}, Signature={signature}"
        )
        return headers

    def _once(
        self, method: str, path: str, query: str, headers: dict[str, str], body: bytes | BinaryIO, digest: str
    ) -> http.client.HTTPResponse:
        connection = self._connection()
        connection.putrequest(method, f"{path}?{query}" if query else path, skip_host=True)
        for name, value in self._signed(method, path, query, headers, digest).items():
            connection.putheader(name, value.encode("utf-8", "surrogateescape"))
        length = len(body) if isinstance(body, bytes) else os.fstat(body.fileno()).st_size
        connection.putheader("content-length", str(length))
        connection.endheaders(body if isinstance(body, bytes) and body else None)
        if not isinstance(body, bytes):
            body.seek(0)
            while chunk := body.read(_CHUNK):
                connection.send(chunk)
        return connection.getresponse()

    def request(
        self,
        method: str,
        bucket: str,
        key: str = "",
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        body: bytes | BinaryIO = b"",
        digest: str | None = None,
        sink: Any = None,
    ) -> tuple[dict[str, str], bytes]:
        """The answer's headers and body. Tried again when the connection breaks or the server is busy.

        `digest` is the body's sha256, which the server compares. `sink()` makes, for every try, what the body is written to.
        """
        path = quote(f"/{bucket}/{key}" if key else f"/{bucket}" if bucket else "/", safe="/" + _UNRESERVED)
        words = "&".join(f"{quote(k, safe=_UNRESERVED)}={quote(v, safe=_UNRESERVED)}" for k, v in sorted((query or {}).items()))
        if digest is None:
            digest = hashlib.sha256(body).hexdigest() if isinstance(body, bytes) and body else _NOTHING
        what = f"{method} {path} on {self._host}"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._once(method, path, words, headers or {}, body, digest)
                kept = {name.lower(): value.encode("latin-1").decode("utf-8", "surrogateescape") for name, value in response.getheaders()}
                self.server = kept.get("server", self.server)
                if response.status < 300 and sink is not None:
                    write = sink()
                    while chunk := response.read(_CHUNK):
                        _here(write, chunk)
                    return kept, b""
                answer = response.read()
            except _Here as problem:
                self._connection().close()
                raise problem.args[0] from None
            except ssl.SSLCertVerificationError as problem:
                # Whoever answers there is not known, however often it is asked.
                why = f"{problem.verify_message}. A private authority's certificate is named by CA="
                raise S3Error(f"{what}: the server's certificate is refused: {why}") from None
            except (OSError, http.client.HTTPException) as problem:
                self._connection().close()
                if attempt == _ATTEMPTS:
                    raise S3Error(f"{what}: {type(problem).__name__}: {problem}") from problem
            else:
                if response.will_close:
                    self._connection().close()
                if response.status < 300:
                    return kept, answer
                code = _code(answer)
                if response.status < 500 or attempt == _ATTEMPTS:
                    raise S3Error(f"{what}: {response.status} {code or response.reason}", response.status, code)
            time.sleep(0.1 * 2**attempt)
        raise AssertionError("unreachable")

    def objects(self, bucket: str) -> Iterator[Listed]:
        """Every object of a bucket, in the server's order."""
        query = {"list-type": "2", "metadata": "true", "encoding-type": "url", "max-keys": "1000"}
        while True:
            root = self._page(bucket, query)
            for element in root:
                if _local(element) == "Contents":
                    yield _listed(element)
            fields = _fields(root)
            if fields.get("IsTruncated") != "true":
                return
            query["continuation-token"] = fields["NextContinuationToken"]

    def _page(self, bucket: str, query: dict[str, str]) -> ElementTree.Element:
        try:
            return ElementTree.fromstring(self.request("GET", bucket, query=query)[1])
        except ElementTree.ParseError:
            # MinIO writes the names of user metadata as XML elements, whether or not they can be that.
            plain = {name: value for name, value in query.items() if name != "metadata"}
            return ElementTree.fromstring(self.request("GET", bucket, query=plain)[1])

    def buckets(self) -> list[str]:
        root = ElementTree.fromstring(self.request("GET", "")[1])
        return [_fields(bucket)["Name"] for buckets in root if _local(buckets) == "Buckets" for bucket in buckets]

    def described(self, bucket: str, listed: Listed) -> Described:
        """An object's headers and tags."""
        return kept_headers(self.head(bucket, listed.key)), self.tags_of(bucket, listed)

    def tags_of(self, bucket: str, listed: Listed) -> dict[str, str]:
        return self.tags(bucket, listed.key) if listed.tags is None else listed.tags

    def tags(self, bucket: str, key: str = "") -> dict[str, str]:
        """An object's tags, or a bucket's own."""
        try:
            _, answer = self.request("GET", bucket, key, query={"tagging": ""})
        except S3Error as problem:
            if problem.code in ("NoSuchTagSet", "NoSuchTagSetError"):
                return {}
            raise
        pairs = [_fields(tag) for each in ElementTree.fromstring(answer) if _local(each) == "TagSet" for tag in each]
        return dict(sorted((pair["Key"], pair["Value"]) for pair in pairs))

    def tag_bucket(self, bucket: str, tags: dict[str, str]) -> None:
        """Gives a bucket these tags and no others."""
        if not tags:
            self.request("DELETE", bucket, query={"tagging": ""})
            return
        root = ElementTree.Element("Tagging")
        every = ElementTree.SubElement(root, "TagSet")
        for key, value in tags.items():
            tag = ElementTree.SubElement(every, "Tag")
            ElementTree.SubElement(tag, "Key").text = key
            ElementTree.SubElement(tag, "Value").text = value
        self.request("PUT", bucket, query={"tagging": ""}, body=ElementTree.tostring(root))

    def make_bucket(self, bucket: str) -> None:
        try:
            self.request("PUT", bucket)
        except S3Error as problem:
            if problem.code != "BucketAlreadyOwnedByYou":
                raise

    def get(self, bucket: str, key: str, sink: Any) -> dict[str, str]:
        """Reads an object into what `sink()` makes; the answer's headers."""
        return self.request("GET", bucket, key, sink=sink)[0]

    def head(self, bucket: str, key: str) -> dict[str, str]:
        return self.request("HEAD", bucket, key)[0]

    def put(self, bucket: str, key: str, body: BinaryIO, digest: str, described: Described | None = None) -> str:
        """Writes an object; the server refuses it unless its sha256 is `digest`. Its etag."""
        headers = _described(described) if described else {}
        return etag_of(self.request("PUT", bucket, key, body=body, digest=digest, headers=headers)[0])

    def copy(self, source: tuple[str, str], bucket: str, key: str, described: Described | None = None, *, etag: str = "") -> str:
        """Copies an object within the server: with its headers and tags, or with those given. The new etag.

        With `etag`, only while the source still has it: what a killed client asked for may be done much later.
        """
        headers = {"x-amz-copy-source": quote("/" + "/".join(source), safe="/" + _UNRESERVED)}
        if etag:
            headers["x-amz-copy-source-if-match"] = etag
        if described:
            headers |= {"x-amz-metadata-directive": "REPLACE", "x-amz-tagging-directive": "REPLACE", **_described(described)}
        _, answer = self.request("PUT", bucket, key, headers=headers)
        root = ElementTree.fromstring(answer)
        # Begun with 200, a copy can still end in an error.
        if _local(root) != "CopyObjectResult":
            raise S3Error(f"copying to {bucket}/{key}: {_code(answer)}")
        return etag_of({"etag": _fields(root)["ETag"]})

    def free(self) -> int | None:
        """Bytes that can still be written, as MinIO tells its administrator; None: a server that does not tell."""
        try:
            disks = json.loads(self.request("GET", "minio", "admin/v3/storageinfo")[1])["Disks"]
            # It keeps the last hundredth of a disk free.
            return sum(max(0, disk["availspace"] - disk["totalspace"] // 100) for disk in disks)
        except (S3Error, ValueError, LookupError):
            return None

    def remove(self, bucket: str, key: str) -> None:
        self.request("DELETE", bucket, key)


def _trusting(authority: str | None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=authority)
    if authority:
        # Python 3.13 asks for extensions that one made by a plain `openssl req -x509` lacks.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _code(answer: bytes) -> str:
    try:
        return _fields(ElementTree.fromstring(answer)).get("Code", "")
    except ElementTree.ParseError:
        return ""


def etag_of(headers: dict[str, str]) -> str:
    return headers["etag"].strip('"')


def _described(described: Described) -> dict[str, str]:
    headers, tags = described
    return {**headers, "x-amz-tagging": urlencode(tags)}


def _listed(element: ElementTree.Element) -> Listed:
    fields = _fields(element)
    tells = any(_local(child) == "UserMetadata" for child in element)
    return Listed(
        key=unquote_plus(fields["Key"], errors="surrogateescape"),
        size=int(fields["Size"]),
        etag=etag_of({"etag": fields["ETag"]}),
        modified=fields["LastModified"],
        tags=_pairs(fields.get("UserTags", "")) if tells else None,
    )


def kept_headers(headers: dict[str, str]) -> dict[str, str]:
    """Those headers of an answer that describe the object, in the form in which they were given."""
    kept = {name: value for name, value in headers.items() if name in _KEPT or name.startswith("x-amz-meta-")}
    # What is not ASCII comes in a mail's encoding.
    return {name: str(make_header(decode_header(value))) if "=?" in value else value for name, value in sorted(kept.items())}
