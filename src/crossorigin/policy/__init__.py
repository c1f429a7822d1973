"""The server's side of CORS: policies, their validation, and their decisions.

This package is pure: it does no I/O, reads no clock and logs nothing. It depends only on `crossorigin.fetch`, never on
the browser's side.
"""
