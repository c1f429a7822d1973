"""Adapters carry the decisions of a policy to a framework; none of them judges an origin itself."""
