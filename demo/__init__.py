"""The demo: a page and an API on two origins of one machine.

`python -m demo` starts an API with the CORS configuration of FastAPI's documentation, and a separate server for a
page that calls this API from an allowed origin and from a refused one.

- `documented` is the API as in FastAPI's documentation.
- `api` has the same route and policy, and two more routes that the page needs. `aiohttp_api`, `django_api` and
  `flask_api` are the same API in other frameworks.
- `editable` makes the policy of such an API editable.
- `stored` runs such an API in two processes with one database (`--live`); `worker` is one of them, and `proxy` passes
  requests on to them.
- `recorder` records requests and responses.
- `scenario` lists the requests of the page and the expected results.
- `page` serves the page, the record and the explanation of the policy; `editing` has its routes that edit the policy.
- `serving` runs both servers.
- `check` runs the page in a headless browser and checks the results, also those of the edits in `edits`; `tab` reads
  them from the browser.
- `command` is the command line.

The rest of crossorigin does not import this package. It requires FastAPI and uvicorn; `--check` also requires
Playwright and Chromium. Each is imported only when the command runs.
"""
