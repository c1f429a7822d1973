"""Origins and policies that change while the server runs.

Requests never wait for anything here. The adapters take the handles `LiveOrigins` and `LivePolicy` as `origins=` and
`policy=`.
"""

from crossorigin.live.origins import LiveOrigins
from crossorigin.live.policy import LivePolicy
from crossorigin.live.status import LiveStatus

__all__ = ["LiveOrigins", "LivePolicy", "LiveStatus"]
