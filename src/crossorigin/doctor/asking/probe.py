"""Requests over the network, as a browser sends them: one connection for each, and only the head of a response is read.

No cookies are sent or kept. The model of the browser follows the redirects.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx2

from crossorigin.browser import AsyncTransport, HttpRequest, HttpResponse

USER_AGENT = b"crossorigin-check"

# Called with each request that was answered.
OnAnswer = Callable[[HttpRequest, HttpResponse], None]


class CannotRunError(Exception):
    """The reason why a check could not run: `kind` is a word for programs, the message a sentence for people."""

    def __init__(self, kind: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.kind = kind


def network(*, timeout: float, insecure: bool) -> AsyncTransport:
    """Return a transport that sends each request over the network.

    Args:
        timeout: The time in seconds for one answer.
        insecure: Whether to skip TLS certificate verification.

    Raises:
        CannotRunError: The certificates that the environment names cannot be read. The transport raises it if there is
            no answer.
    """
    try:
        context = httpx2.create_ssl_context(verify=not insecure)
    except OSError as error:
        raise CannotRunError("tls", f"The certificates of the environment cannot be read: {_said(error)}.") from error

    async def transport(request: HttpRequest) -> HttpResponse:
        try:
            async with asyncio.timeout(timeout):
                return await _ask(request, context)
        except TimeoutError as error:
            raise CannotRunError("timeout", f"{request.url} did not answer within {timeout:g} seconds.") from error
        except (httpx2.TransportError, httpx2.InvalidURL, OSError) as error:
            raise _cannot(request, error) from error

    return transport


def recording(transport: AsyncTransport, on_answer: OnAnswer) -> AsyncTransport:
    """Return a transport that sends equal requests only once. The order of the headers does not matter."""
    known: dict[object, HttpResponse | None] = {}

    async def remembered(request: HttpRequest) -> HttpResponse | None:
        lines = tuple(sorted((name.lower(), value) for name, value in request.headers))
        key = (request.method, request.url, lines, request.body, request.credentials)
        if key not in known:
            known[key] = await transport(request)
            response = known[key]
            if response is not None:
                on_answer(request, response)
        return known[key]

    return remembered


async def _ask(request: HttpRequest, context: ssl.SSLContext) -> HttpResponse:
    # One client for each request, because a client would send the cookies of one answer with the next request.
    async with _client(context) as client:
        asking = client.build_request(request.method, request.url, headers=list(request.headers), content=request.body)
        # httpx makes the method upper case, and browsers leave `patch` as it is.
        asking.method = request.method
        answer = await client.send(asking, stream=True)
        try:
            return HttpResponse(status=answer.status_code, headers=tuple(answer.headers.raw))
        finally:
            await answer.aclose()


def _client(context: ssl.SSLContext) -> httpx2.AsyncClient:
    try:
        return httpx2.AsyncClient(verify=context, timeout=None, headers={b"User-Agent": USER_AGENT})
    except (ImportError, ValueError, httpx2.InvalidURL) as error:
        raise CannotRunError("usage", f"The proxy of the environment cannot be used: {_said(error)}.") from error


def _cannot(request: HttpRequest, error: Exception) -> CannotRunError:
    causes = list(_causes(error))
    if isinstance(error, httpx2.InvalidURL):
        return CannotRunError("usage", f"This URL cannot be requested: {_said(error)}.")
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return CannotRunError("dns", f"The host {urlsplit(request.url).hostname} has no address: {_said(causes[-1])}.")
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        said = f"{request.url} cannot be reached over TLS: {_said(causes[-1])}. A browser would stop here too"
        if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
            said += "; --insecure skips the verification"
        return CannotRunError("tls", f"{said}.")
    if any(isinstance(cause, httpx2.ConnectError) for cause in causes):
        return CannotRunError("connection", f"Nothing answers at {request.url}: {_said(causes[-1])}.")
    return CannotRunError("protocol", f"{request.url} did not answer with HTTP: {_said(error)}.")


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _said(error: BaseException) -> str:
    return (str(error) or type(error).__name__).rstrip(".")
