"""What a check can read instead of making requests: recordings, pasted responses and console messages. Pure."""
