"""An app with a wrong policy that is built where it is written."""

from starlette.applications import Starlette
from tests.servers.marking import ROUTES, lifespan
from tests.servers.wrong import OPTIONS

from crossorigin import CORSMiddleware, Policy

policy = Policy(**OPTIONS)
app = Starlette(routes=ROUTES, lifespan=lifespan)
app.add_middleware(CORSMiddleware, policy=policy)
