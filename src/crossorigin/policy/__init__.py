"""Hold the server's side of CORS: what a policy is, and what it answers.

Pure: no I/O, no clock, no logging. It stands on `crossorigin.fetch` and never meets the browser's side.
"""
