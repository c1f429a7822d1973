"""Apps with an invalid policy that the framework builds while the server starts."""

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

from crossorigin import CORSMiddleware
from tests.real.servers.invalid_options import OPTIONS
from tests.real.servers.marked_app import ROUTES, lifespan

starlette = Starlette(routes=ROUTES, lifespan=lifespan)
starlette.add_middleware(CORSMiddleware, **OPTIONS)

fastapi = FastAPI(routes=ROUTES, lifespan=lifespan)
fastapi.add_middleware(CORSMiddleware, **OPTIONS)


class _Configured(CORSMiddleware):
    """A subclass that sets its options itself."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, **OPTIONS)


subclass = FastAPI(routes=ROUTES, lifespan=lifespan)
subclass.add_middleware(_Configured)

# A mounted app receives no lifespan, so the app around it validates its middleware.
parent = Starlette(routes=[*ROUTES, Mount("/child", fastapi)])
parent.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])
