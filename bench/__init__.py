"""Benchmarks of the cost of CORS per request, compared with other middlewares: `make bench`, `make bench-check`."""
