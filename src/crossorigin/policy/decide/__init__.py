"""The hot path: decisions on requests, made from a policy and the facts of a request."""
