"""The demo: two origins on one machine, and the documented example between them.

`python -m demo` starts an API with the configuration of FastAPI's documentation
and a page, apart from it, that calls it from an origin the policy allows and from one it refuses.

- `documented` is the API as the documentation writes it;
- `api` adds the two routes that the page needs beside it;
- `recorder` keeps what browsers sent and what was answered;
- `scenario` says which requests the page makes and what is expected of each;
- `page` serves the page, the record and the policy's explanation;
- `serving` runs both servers; `check` lets a headless browser look at the page;
- `command` is the command line.

Nothing here is imported by the rest of crossorigin. It needs FastAPI and uvicorn,
`--check` needs Playwright and Chromium too; each is imported only when the command runs.
"""
