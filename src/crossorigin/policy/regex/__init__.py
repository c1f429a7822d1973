"""Regular expressions over origins: the parser, the automaton and the matcher.

`crossorigin.policy.check.regex` decides which expressions are allowed. A policy without a regular expression imports
none of this.
"""
