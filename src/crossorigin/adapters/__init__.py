"""Adapters apply the decisions of a policy in a framework. They never decide about an origin themselves."""
