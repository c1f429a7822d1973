"""Middleware stacks and routing of Starlette and FastAPI, read from the objects of an app without importing either."""
