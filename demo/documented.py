"""The example of https://fastapi.tiangolo.com/tutorial/cors/, but for one import line.

Everything below this paragraph is the documentation's text, its style included, so that
the two can be laid side by side: the class comes from `crossorigin` in place of FastAPI's
own module, and nothing else changed.
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
