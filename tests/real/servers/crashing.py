"""An app that crashes, with a middleware that was added in the usual way."""

import logging

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse

from crossorigin import CORSMiddleware

logging.basicConfig()

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["https://app.example.com"])


@app.get("/")
def crash() -> None:
    """Raise an exception that no handler handles."""
    raise ZeroDivisionError


@app.exception_handler(500)
def say(request: Request, error: Exception) -> JSONResponse:
    """Answer with the app's own text."""
    return JSONResponse({"error": type(error).__name__, "path": request.url.path}, 500)
