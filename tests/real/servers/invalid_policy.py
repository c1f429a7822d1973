"""An app with an invalid policy on its own line."""

from starlette.applications import Starlette

from crossorigin import CORSMiddleware, Policy
from tests.real.servers.invalid_options import OPTIONS
from tests.real.servers.marked_app import ROUTES, lifespan

policy = Policy(**OPTIONS)
app = Starlette(routes=ROUTES, lifespan=lifespan)
app.add_middleware(CORSMiddleware, policy=policy)
