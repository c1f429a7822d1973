"""Hand on the names that FastAPI's users import; there is one class, whatever it is imported from."""

from crossorigin.asgi import CORSMiddleware
from crossorigin.starlette import install

__all__ = ["CORSMiddleware", "install"]
