"""Apps with a wrong policy that the framework builds while the server starts."""

from fastapi import FastAPI
from starlette.applications import Starlette
from tests.servers.marking import ROUTES, lifespan
from tests.servers.wrong import OPTIONS

from crossorigin import CORSMiddleware

starlette = Starlette(routes=ROUTES, lifespan=lifespan)
starlette.add_middleware(CORSMiddleware, **OPTIONS)

fastapi = FastAPI(routes=ROUTES, lifespan=lifespan)
fastapi.add_middleware(CORSMiddleware, **OPTIONS)
