"""An app that is wrapped in a middleware with an invalid policy."""

from starlette.applications import Starlette

from crossorigin import CORSMiddleware
from tests.real.servers.invalid_options import OPTIONS
from tests.real.servers.marked_app import ROUTES, lifespan

app = CORSMiddleware(Starlette(routes=ROUTES, lifespan=lifespan), **OPTIONS)
