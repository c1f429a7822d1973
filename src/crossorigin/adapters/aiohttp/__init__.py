"""The adapter for aiohttp: its middleware and signal, policies of handlers and sub-apps, and how aiohttp routes."""
