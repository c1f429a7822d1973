"""Validation of `allow_origin_regex`: which origins it allows, who controls them, and what to write instead."""
