"""Validation of `allow_origin_regex`."""
