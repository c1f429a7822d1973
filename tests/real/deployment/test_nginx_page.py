"""The nginx configuration of the deployment page, served by a real nginx over TLS in front of a real uvicorn."""

import os
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fastapi import FastAPI, Request, WebSocket

from crossorigin import CORSMiddleware, Policy
from crossorigin.browser import BrowserRequest, HttpRequest, HttpResponse, Verdict, run
from crossorigin.settings import policy_from_env
from tests.real.browser.secure import certify
from tests.real.recipes.serving import Served, served
from tests.unit.adapters.asgi.scopes import ORIGIN, UNTRUSTED

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "deployment.md").read_text("utf-8")
# `make test` unpacks nginx here if it is not installed.
_UNPACKED = ROOT / "build" / "nginx" / "usr" / "sbin"
_PATIENCE = 30
_HOST = "api.example.com"
# Only a folder of the same user is readable; without root, nginx ignores the line with `user`.
_FRAME = """
user root root;
daemon off;
worker_processes 1;
pid pid;
error_log error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    {0}
}}
"""
ALLOW_ORIGIN = "access-control-allow-origin"

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=[ORIGIN], allow_methods=["GET", "PUT"], check_websockets=True)


@app.get("/items/")
def items() -> list[str]:
    """Return items; `/items` redirects here."""
    return ["spoon"]


@app.put("/items/")
async def replace(request: Request) -> int:
    """Return the size of the body."""
    return len(await request.body())


@app.get("/crash")
def crash() -> None:
    """Raise an exception."""
    raise ZeroDivisionError


@app.websocket("/chat")
async def chat(websocket: WebSocket) -> None:
    """Accept the handshake."""
    await websocket.accept()
    await websocket.close()


@dataclass(frozen=True, slots=True)
class Response:
    """A response: its status, and its header lines with lower-case names."""

    status: int
    lines: list[tuple[str, str]]

    def values(self, name: str) -> list[str]:
        """Return the values of all lines with this name."""
        return [value for own, value in self.lines if own == name]


@dataclass(frozen=True, slots=True)
class Nginx:
    """A running nginx."""

    port: int

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Response:
        """Send one request over TLS."""
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        connection = HTTPSConnection("127.0.0.1", self.port, timeout=_PATIENCE, context=context)
        with closing(connection):
            connection.request(method, path, body, {"Host": _HOST, "Connection": "close", **headers})
            response = connection.getresponse()
            response.close()
            return Response(response.status, [(name.lower(), value) for name, value in response.getheaders()])

    def fetch(self, path: str, *, origin: str, method: str = "GET") -> Verdict:
        """Return what a browser decides about a request to the site that nginx serves."""

        def transport(request: HttpRequest) -> HttpResponse:
            assert urlsplit(request.url).netloc == _HOST, "a redirect left the site"
            headers = {name.decode(): value.decode("latin-1") for name, value in request.headers}
            response = self.ask(request.method, urlsplit(request.url).path, headers)
            return HttpResponse(
                status=response.status, headers=tuple((n.encode(), v.encode("latin-1")) for n, v in response.lines)
            )

        return run(BrowserRequest(url=f"https://{_HOST}{path}", origin=origin, method=method), transport)


def configuration(folder: Path, *, port: int, app_port: int, errors: bool = True) -> str:
    """Return the configuration of the page, with the ports and the certificate of this test."""
    block, origins, error_page, fonts = re.findall(r"^```nginx\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    parts = f"{error_page}{fonts}" if errors else fonts
    certificate, key = certify(folder)
    for shown, real in {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "/etc/ssl/api.example.com.pem": str(certificate),
        "/etc/ssl/api.example.com.key": str(key),
        "127.0.0.1:8000": f"127.0.0.1:{app_port}",
    }.items():
        assert block.count(shown) == 1, shown
        block = block.replace(shown, real)
    return _FRAME.format(f"{origins}{block.rstrip().removesuffix('}')}root files;\n{parts}}}")


@contextmanager
def nginx(folder: Path, app_port: int, *, errors: bool = True) -> Generator[Nginx]:
    """Run nginx with the configuration of the page."""
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:{_UNPACKED}")
    assert program, "nginx is not installed: run scripts/install-system-packages.sh nginx"
    (folder / "files" / "fonts").mkdir(parents=True)
    (folder / "files" / "fonts" / "a.woff2").write_bytes(b"font")
    # nginx takes over this socket as in an upgrade, so it accepts connections before nginx has started.
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    (folder / "nginx.conf").write_text(configuration(folder, port=port, app_port=app_port, errors=errors), "utf-8")
    inherited = {**os.environ, "NGINX": f"{listener.fileno()};"}
    command = [program, "-p", folder, "-c", "nginx.conf"]
    server = subprocess.Popen(command, env=inherited, pass_fds=[listener.fileno()], stderr=subprocess.PIPE, text=True)
    try:
        yield Nginx(port)
    finally:
        listener.close()
        server.terminate()
        server.communicate(timeout=_PATIENCE)


@pytest.fixture(scope="module")
def api() -> Generator[Served]:
    """The app, served by uvicorn."""
    with served(app) as server:
        yield server


@pytest.fixture(scope="module")
def proxy(api: Served, tmp_path_factory: pytest.TempPathFactory) -> Generator[Nginx]:
    """The app behind nginx, with all parts of the page."""
    with nginx(tmp_path_factory.mktemp("nginx"), api.port) as server:
        yield server


@pytest.fixture(scope="module")
def free_port() -> Generator[int]:
    """A port on which nothing answers: it is bound, but does not listen."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


def test_the_variables_allow_what_the_page_of_the_tutorial_sends() -> None:
    """The tutorial ends with a link to this page, so its page must work with the variables that are named here."""
    in_production, _, in_development = PAGE.partition("\nIn development, ")
    for text, origin in ((in_production, ORIGIN), (in_development, "http://localhost:5173")):
        variables = dict(re.findall(r"export (CORS_\w+)=([^\n`]+)", text))
        policy = Policy(allow_origins=[origin], allow_methods=["GET", "POST", "PUT"], allow_credentials=True)
        assert policy_from_env(environ=variables) == policy


@pytest.mark.parametrize(
    ("path", "method"), [("/items/", "GET"), ("/items/", "PUT"), ("/crash", "GET"), ("/no", "GET")]
)
def test_the_app_sets_the_headers_once(proxy: Nginx, path: str, method: str) -> None:
    """An allowed page can read each response of the app, and other pages cannot."""
    assert proxy.fetch(path, origin=ORIGIN, method=method).allowed
    assert proxy.ask(method, path, {"Origin": ORIGIN}).values(ALLOW_ORIGIN) == [ORIGIN]
    assert not proxy.fetch(path, origin=UNTRUSTED, method=method).allowed


def test_a_redirect_keeps_https(proxy: Nginx) -> None:
    """The app learns the scheme and the host from nginx, so the page can follow a redirect that adds a slash."""
    assert proxy.ask("GET", "/items", {"Origin": ORIGIN}).values("location") == [f"https://{_HOST}/items/"]
    verdict = proxy.fetch("/items", origin=ORIGIN)
    assert [exchange.response and exchange.response.status for exchange in verdict.exchanges] == [307, 200]


@pytest.mark.parametrize(("origin", "status"), [(f"https://{_HOST}", 101), (ORIGIN, 101), (UNTRUSTED, 403)])
def test_websockets_pass(proxy: Nginx, origin: str, status: int) -> None:
    """The server's own pages and allowed pages can connect, because nginx passes the original host."""
    handshake = {
        "Origin": origin,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    assert proxy.ask("GET", "/chat", handshake).status == status


def test_a_page_reads_that_a_body_is_too_large(proxy: Nginx) -> None:
    """The 413 of nginx keeps its status and has the header."""
    response = proxy.ask("PUT", "/items/", {"Origin": ORIGIN, "Content-Length": "2000000"})
    assert (response.status, response.values(ALLOW_ORIGIN)) == (413, [ORIGIN])


def test_a_page_reads_that_the_app_is_down(tmp_path: Path, free_port: int) -> None:
    """The 502 of nginx keeps its status, and has the header for an allowed page only."""
    with nginx(tmp_path, free_port) as server:
        response = server.ask("GET", "/items/", {"Origin": ORIGIN})
        assert (response.status, response.values(ALLOW_ORIGIN)) == (502, [ORIGIN])
        assert server.ask("GET", "/items/", {"Origin": UNTRUSTED}).values(ALLOW_ORIGIN) == []


def test_without_that_part_the_502_has_no_cors_headers(tmp_path: Path, free_port: int) -> None:
    """This is why the page has the part about the errors of nginx."""
    with nginx(tmp_path, free_port, errors=False) as server:
        response = server.ask("GET", "/items/", {"Origin": ORIGIN})
    assert (response.status, response.values(ALLOW_ORIGIN)) == (502, [])


def test_a_page_loads_a_font_that_nginx_serves(proxy: Nginx) -> None:
    """A file of nginx has the header for an allowed page only."""
    response = proxy.ask("GET", "/fonts/a.woff2", {"Origin": ORIGIN})
    assert (response.status, response.values(ALLOW_ORIGIN), response.values("vary")) == (200, [ORIGIN], ["Origin"])
    assert proxy.ask("GET", "/fonts/a.woff2", {"Origin": UNTRUSTED}).values(ALLOW_ORIGIN) == []
