"""Apps with a wrong policy that the framework builds while the server starts."""

from fastapi import FastAPI
from starlette.applications import Starlette

from crossorigin import CORSMiddleware
from tests.real.servers.invalid_options import OPTIONS
from tests.real.servers.marked_app import ROUTES, lifespan

starlette = Starlette(routes=ROUTES, lifespan=lifespan)
starlette.add_middleware(CORSMiddleware, **OPTIONS)

fastapi = FastAPI(routes=ROUTES, lifespan=lifespan)
fastapi.add_middleware(CORSMiddleware, **OPTIONS)
