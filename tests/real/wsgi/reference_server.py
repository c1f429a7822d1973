"""The reference server of the standard library, with an app by its name: `python -m ... module:app`."""

import sys
from importlib import import_module
from wsgiref.simple_server import make_server

if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    with make_server("127.0.0.1", 0, getattr(import_module(module), name)) as server:
        print(f"Serving on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
