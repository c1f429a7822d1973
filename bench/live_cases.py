"""The benchmark cases with live origins, which must cost what listed ones cost. Only our middleware has them."""

from functools import partial

from bench.case import Case, actual_case, always
from bench.traffic import ORIGIN, OTHER_ORIGIN, from_origin, preflight, unused_app

_NAMES = b"authorization,content-type"


def shops(count: int) -> list[str]:
    """Return `count` origins; the origin of the requests is one of them."""
    return [*(f"https://shop-{number}.example.net" for number in range(count - 1)), ORIGIN.decode()]


LIVE = [
    *(
        actual_case(
            f"live-{count}-{ending}",
            always(from_origin, origin),
            origins=list,
            ours={"live": partial(shops, count)},
            allowed=origin == ORIGIN,
            peers=frozenset(),
        )
        for count in (1, 100_000)
        for ending, origin in (("hit", ORIGIN), ("miss", OTHER_ORIGIN))
    ),
    *(
        Case(
            name=f"preflight-{kind}-2",
            options=lambda listed=listed: {  # type: ignore[misc]
                "allow_origins": listed,
                "allow_methods": ["GET", "PUT", "DELETE"],
                "allow_headers": ["authorization", "content-type"],
            },
            ours=ours,
            headers=always(preflight, ORIGIN, _NAMES),
            method="OPTIONS",
            app=unused_app,
            allowed=True,
            peers=frozenset(),
        )
        for kind, listed, ours in (("listed", [ORIGIN.decode()], {}), ("live", [], {"live": partial(shops, 1)}))
    ),
]
