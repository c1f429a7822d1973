"""The message of an app's `InvalidPolicyError`, with the fix that only this machine knows."""

import os

from crossorigin.policy.errors import InvalidPolicyError
from crossorigin.settings.codespaces import with_codespace_origin


def message_of(error: InvalidPolicyError) -> str:
    """Return the message. In a codespace, an error about too many origins names the origin of its pages."""
    return str(InvalidPolicyError(with_codespace_origin(issue, os.environ) for issue in error.issues))
