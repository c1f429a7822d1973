"""How Starlette and FastAPI stack middleware and route requests. They are asked, never imported."""
