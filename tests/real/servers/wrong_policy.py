"""An app with a wrong policy that is built where it is written."""

from starlette.applications import Starlette

from crossorigin import CORSMiddleware, Policy
from tests.real.servers.marking import ROUTES, lifespan
from tests.real.servers.wrong import OPTIONS

policy = Policy(**OPTIONS)
app = Starlette(routes=ROUTES, lifespan=lifespan)
app.add_middleware(CORSMiddleware, policy=policy)
