"""Say why a browser refuses a request, and what to change: recorded exchanges in, findings and fixes out.

Everything here is pure but for two modules: `probe` asks servers, `apps` loads and asks an ASGI app in process. What
is known of browsers is asked of `crossorigin.browser`.
"""
