"""Hand on the names that FastAPI's users import; there is one class, whatever it is imported from."""

from crossorigin.adapters.asgi.middleware import CORSMiddleware
from crossorigin.adapters.starlette.decorator import cors
from crossorigin.starlette import explain, install

__all__ = ["CORSMiddleware", "cors", "explain", "install"]
