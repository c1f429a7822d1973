"""Hold the vocabulary: what the Fetch standard says, and nothing of ours.

Pure functions and constants, from the standard library alone. This room imports no other room, so the
server's side (`crossorigin.policy`) and the browser's side can both stand on it without meeting.
"""
