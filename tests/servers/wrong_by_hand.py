"""An app that is wrapped with a wrong policy where it is written."""

from starlette.applications import Starlette
from tests.servers.marking import ROUTES, lifespan
from tests.servers.wrong import OPTIONS

from crossorigin import CORSMiddleware

app = CORSMiddleware(Starlette(routes=ROUTES, lifespan=lifespan), **OPTIONS)
