"""The adapter for Flask: the extension, policies of blueprints and views, and how Flask routes."""
