"""Validation, which runs once when a policy is built. No request reaches this package."""
