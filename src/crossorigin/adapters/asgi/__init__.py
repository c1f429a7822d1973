"""The ASGI middleware."""
