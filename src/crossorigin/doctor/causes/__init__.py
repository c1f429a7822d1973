"""The cause of a refusal, in words, and the fix that follows from it. Pure.

One rule holds for every fix: pasted as it says, it makes the page work and breaks no request that worked before. Where
that is not certain, a cause has no code, only what to look at.
"""
