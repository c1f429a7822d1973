"""The vocabulary of the Fetch standard, shared by the server side and the browser side.

Pure functions and constants that need only the standard library. This package imports no other package of the
project, so `crossorigin.policy` and `crossorigin.browser` can both use it and stay independent of each other.
"""
