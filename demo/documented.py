"""The example of https://fastapi.tiangolo.com/tutorial/cors/, with one import line changed.

The code below is copied from the documentation, including its style, so that the two can be compared. The only
difference is that the class comes from `crossorigin` instead of FastAPI's module.
"""
# mypy: disable-error-code="no-untyped-def"

from fastapi import FastAPI
from crossorigin import CORSMiddleware

app = FastAPI()

origins = [
    "http://localhost.tiangolo.com",
    "https://localhost.tiangolo.com",
    "http://localhost",
    "http://localhost:8080",
]

app.add_middleware(
    CORSMiddleware,
    allow_origins=origins,
    allow_credentials=True,
    allow_methods=["*"],
    allow_headers=["*"],
)


@app.get("/")
async def main():
    return {"message": "Hello World"}
