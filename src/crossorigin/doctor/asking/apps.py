"""Apps in this process: loaded by name, started as a server would start them, and asked without a socket."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
import sys
import tomllib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

from crossorigin.browser import (
    ASGIApp,
    AsyncTransport,
    HttpRequest,
    HttpResponse,
    asgi_transport,
    is_aiohttp_app,
    is_wsgi_app,
)
from crossorigin.doctor.answers import Answer
from crossorigin.doctor.asking.aiohttp import AiohttpBridge
from crossorigin.doctor.asking.policy_errors import message_of
from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.asking.wsgi import WSGIBridge
from crossorigin.policy.errors import InvalidPolicyError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, MutableMapping
    from pathlib import Path

PYPROJECT = "pyproject.toml"
_FORM = "Write it as module:app"
# The seconds for the shutdown of an app, and again for its cancellation.
_SHUTDOWN = 2.5
# A traceback up to its exception, whose text may have several lines.
_FRAMES = re.compile(r'\A.*^  File "[^\n]*\n(?:    [^\n]*\n)*', re.DOTALL | re.MULTILINE)


def entrypoint(folder: Path) -> str:
    """Return the name of a project's app: `entrypoint` in `[tool.fastapi]` of its `pyproject.toml`.

    Raises:
        CannotRunError: There is none.
    """
    try:
        read: Any = tomllib.loads((folder / PYPROJECT).read_text("utf-8"))
        found = read["tool"]["fastapi"]["entrypoint"]
    except FileNotFoundError:
        raise CannotRunError("usage", f"Name the app: there is no {PYPROJECT} in this folder. {_FORM}.") from None
    except (OSError, ValueError) as error:
        raise CannotRunError("usage", f"{PYPROJECT} cannot be read: {error}.") from error
    except (KeyError, TypeError):
        said = f"Name the app: {PYPROJECT} has no entrypoint in [tool.fastapi]. {_FORM}."
        raise CannotRunError("usage", said) from None
    return str(found)


class Loaded(NamedTuple):
    """An app that can be asked, whether a factory made it, and the app itself, which may have another interface."""

    app: ASGIApp
    is_made: bool
    source: object


def load(name: str, folder: Path) -> Loaded:
    """Import `module:app`, with `folder` on the path as a server has it.

    A factory, which takes no arguments, is called, as uvicorn does.

    Raises:
        CannotRunError: There is no such module or name, importing it raises, or it is not an app.
    """
    module_name, _, attribute = name.partition(":")
    if not module_name or not attribute:
        raise CannotRunError("app", f"{name!r} does not name an app. {_FORM}.")
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        own = error.name == module_name.partition(".")[0]
        where = f" in {folder}. Run the command in the folder of the module, or set PYTHONPATH" if own else ""
        raise CannotRunError("app", f"{name} cannot be imported: {error}{where}.") from error
    # What a module raises is reported, whatever it is. The process is only for the app.
    except BaseException as error:
        raise CannotRunError("app", f"{name} cannot be imported: {_said(error)}") from error
    for part in attribute.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        what = f"has no {attribute}" if found is None else f"has {attribute}, but it is not an app"
        raise CannotRunError("app", f"{name}: the module {module_name} {what}.")
    is_made = _is_factory(found)
    if is_made:
        found = _made(name, found)
    return Loaded(_as_asgi(name, found), is_made, found)


def _is_factory(found: Any) -> bool:
    # An aiohttp app can be called without arguments too, and returns itself.
    return _takes(found, 0) and not is_aiohttp_app(found)


def _as_asgi(name: str, app: Any) -> ASGIApp:
    """Return an app as an ASGI app: a bridge to it, if it has another interface."""
    if is_aiohttp_app(app):
        return AiohttpBridge(app)
    if is_wsgi_app(app):
        return WSGIBridge(app)
    if not _takes(app, 3):
        raise CannotRunError("app", f"{name} is not an ASGI app: it does not take a scope, receive and send.")
    return cast("ASGIApp", app)


def _made(name: str, factory: Callable[[], Any]) -> object:
    try:
        return factory()
    except BaseException as error:
        raise CannotRunError("app", f"{name}() failed: {_said(error)}") from error


def _takes(found: Any, count: int) -> bool:
    """Return whether something can be called with so many arguments."""
    try:
        inspect.signature(found).bind(*range(count))
    except TypeError:
        return False
    except ValueError:
        # Callables written in C may have no signature. They are not factories.
        return count > 0
    return True


@asynccontextmanager
async def started(app: ASGIApp, *, patience: float) -> AsyncGenerator[AsyncTransport]:
    """Run the app's lifespan around requests to it, and yield the transport for them.

    An app without a lifespan is asked without one, as servers do. `patience` is the time in seconds for the start and
    for each answer.

    Raises:
        CannotRunError: The app does not start, or does not answer in time.
    """
    lifespan = _Lifespan(app)
    task = asyncio.create_task(lifespan.run())
    try:
        try:
            await asyncio.wait_for(lifespan.has_started.wait(), patience)
        except TimeoutError as error:
            task.cancel()
            raise CannotRunError("timeout", f"The app did not start within {patience:g} seconds.") from error
        if lifespan.failure is not None:
            raise CannotRunError("app", f"The app did not start: {lifespan.failure}")
        yield _asking(lifespan, patience)
    finally:
        lifespan.ends.set()
        limit = min(patience, _SHUTDOWN)
        done, _ = await asyncio.wait([task], timeout=limit)
        if not done:
            task.cancel()
            # An app may ignore the cancellation.
            await asyncio.wait([task], timeout=limit)


class _Head(NamedTuple):
    """How a response starts, and the scope of its request at that time."""

    message: MutableMapping[str, Any]
    scope: MutableMapping[str, Any]


def _asking(lifespan: _Lifespan, patience: float) -> AsyncTransport:
    hosts: list[str | None] = []

    async def transport(request: HttpRequest) -> HttpResponse | None:
        host = urlsplit(request.url).hostname
        hosts.append(host)
        if host != hosts[0]:
            said = f"A redirect leads to another host, {request.url}"
            hint = "Check that URL over the network. If it is the app's own, write it after the name of the app"
            raise CannotRunError("app", f"{said}. {hint}.")
        heads: list[_Head] = []
        limit = asyncio.timeout(patience)
        try:
            async with limit:
                answer = await asgi_transport(_heard(lifespan, heads))(request)
            return _answer(answer.status, answer.headers, heads[0], answer.error)
        except TimeoutError as error:
            if not limit.expired():
                return _crashed(error)
            # A stream that is waiting. The head of the response is all that CORS needs.
            if heads:
                message = heads[0].message
                headers = tuple((bytes(name), bytes(value)) for name, value in message.get("headers", ()))
                return _answer(message["status"], headers, heads[0])
            said = f"The app did not answer {request.method} {request.url} within {patience:g} seconds."
            raise CannotRunError("timeout", said) from error
        except InvalidPolicyError as error:
            raise CannotRunError("app", f"The app did not start: {message_of(error)}") from error
        # A server answers 500, whatever an app raises. A cancellation from outside is not the app's.
        except BaseException as error:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return _crashed(error)

    return transport


def _heard(lifespan: _Lifespan, heads: list[_Head]) -> ASGIApp:
    """Return the app with the state of its lifespan. The heads of its responses are appended to `heads`."""

    async def app(scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        own = {**scope, "state": dict(lifespan.state)}

        async def noting(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                heads.append(_Head(message, own))
            await send(message)

        await lifespan.app(own, receive, noting)

    return app


def _answer(
    status: int, headers: tuple[tuple[bytes, bytes], ...], head: _Head, error: Exception | None = None
) -> HttpResponse:
    place = head.scope.get("crossorigin.route")
    if place is None:
        return HttpResponse(status=status, headers=headers, error=error)
    return Answer(status=status, headers=headers, error=error, policy_of=place)


def _crashed(error: BaseException) -> HttpResponse:
    told = error if isinstance(error, Exception) else RuntimeError(_said(error))
    return HttpResponse(status=500, headers=((b"content-type", b"text/plain; charset=utf-8"),), error=told)


class _Lifespan:
    """One run of an app: https://asgi.readthedocs.io/en/latest/specs/lifespan.html."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.state: dict[str, Any] = {}
        self.has_started = asyncio.Event()
        self.ends = asyncio.Event()
        self.failure: str | None = None
        self._asked = False

    async def run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self.app(scope, self._receive, self._send)
        except InvalidPolicyError as error:
            self.failure = message_of(error)
        except BaseException:  # noqa: BLE001, S110  # an app without a lifespan raises
            pass
        finally:
            self.has_started.set()

    async def _receive(self) -> dict[str, str]:
        if not self._asked:
            self._asked = True
            return {"type": "lifespan.startup"}
        await self.ends.wait()
        return {"type": "lifespan.shutdown"}

    async def _send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "lifespan.startup.failed":
            self.failure = _FRAMES.sub("", str(message.get("message", ""))).strip() or "it gives no reason"
        if message["type"].startswith("lifespan.startup."):
            self.has_started.set()


def _said(error: BaseException) -> str:
    text = message_of(error) if isinstance(error, InvalidPolicyError) else str(error)
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
