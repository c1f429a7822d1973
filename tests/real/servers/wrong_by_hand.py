"""An app that is wrapped with a wrong policy where it is written."""

from starlette.applications import Starlette

from crossorigin import CORSMiddleware
from tests.real.servers.marking import ROUTES, lifespan
from tests.real.servers.wrong import OPTIONS

app = CORSMiddleware(Starlette(routes=ROUTES, lifespan=lifespan), **OPTIONS)
