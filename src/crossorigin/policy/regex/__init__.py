"""The language of an origin's regular expression: reading it, its automaton, and matching.

Nothing here says what may be allowed: `crossorigin.policy.check.regex` does. None of this is imported for a policy
without a regular expression.
"""
