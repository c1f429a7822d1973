"""The adapter for WSGI (PEP 3333), on which that for Flask is built."""
