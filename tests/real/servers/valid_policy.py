"""Apps with a valid policy, served by real servers."""

from fastapi import FastAPI
from starlette.applications import Starlette

from crossorigin import CORSMiddleware, Policy
from tests.real.servers.marked_app import ROUTES, lifespan

policy = Policy(
    allow_origins=["https://app.example.com", "https://*.example.org"],
    allow_methods=["GET", "PUT"],
    allow_headers=["X-Token"],
    allow_credentials=True,
    expose_headers=["ETag"],
)

# The outermost object is the middleware itself, so every server must recognize it as ASGI 3.
wrapped = CORSMiddleware(Starlette(routes=ROUTES, lifespan=lifespan), policy=policy)

added = FastAPI(routes=ROUTES, lifespan=lifespan)
added.add_middleware(CORSMiddleware, policy=policy)
