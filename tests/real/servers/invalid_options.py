"""A policy with several errors."""

from typing import Any

OPTIONS: dict[str, Any] = {
    "allow_origins": ["*", "https://app.example.com/", "app.example.com"],
    "allow_methods": ["GET", "patch"],
    "allow_headers": ["X Token"],
    "allow_credentials": True,
    "max_age": -1,
}
