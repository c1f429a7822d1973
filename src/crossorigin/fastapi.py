"""The public names for FastAPI apps. They are the same objects as in `crossorigin` and `crossorigin.starlette`."""

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.adapters.starlette.decorator import cors
from crossorigin.starlette import explain, install

__all__ = ["CORSMiddleware", "cors", "explain", "install"]
