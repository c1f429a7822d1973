"""The middleware for WSGI apps, such as those of Bottle, Pyramid, Falcon and CherryPy."""

from crossorigin.adapters.wsgi.middleware import CORSMiddleware

__all__ = ["CORSMiddleware"]
