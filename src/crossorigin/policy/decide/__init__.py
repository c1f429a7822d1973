"""The hot path: from a policy and the facts of a request to a decision."""
