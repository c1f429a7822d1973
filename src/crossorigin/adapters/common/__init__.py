"""Parts that all adapters share, independent of their protocol."""
