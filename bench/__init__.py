"""Measure what CORS costs a request, beside what people use today: `make bench`, `make bench-check`."""
