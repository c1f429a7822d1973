"""The adapter for Django: the middleware, the settings, policies of views, and the system checks."""
