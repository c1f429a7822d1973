"""Apps with a wrong policy that the framework builds while the server starts."""

from fastapi import FastAPI
from starlette.applications import Starlette

from crossorigin import CORSMiddleware
from tests.real.servers.marking import ROUTES, lifespan
from tests.real.servers.wrong import OPTIONS

starlette = Starlette(routes=ROUTES, lifespan=lifespan)
starlette.add_middleware(CORSMiddleware, **OPTIONS)

fastapi = FastAPI(routes=ROUTES, lifespan=lifespan)
fastapi.add_middleware(CORSMiddleware, **OPTIONS)
