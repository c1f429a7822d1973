"""The command line: why a browser refuses a request, and what to change.

Recorded exchanges go in, a cause, a fix and findings come out. Everything is pure except for `asking`, which sends
requests and loads apps, and `child`, which runs an app in its own process. `crossorigin.browser` knows the browsers.
"""
