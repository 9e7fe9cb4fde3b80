"""One `track` after the other, over one kept-alive connection: TrackClient beside the vendor's SDK.

Every side builds its event anew for each call: ciokit a typed one, which it checks and gives a ULID, the SDK a dict.
The HTTP library alone, sending bytes that are ready, is the floor on which ciokit stands.
"""

from benchmarks.harness import Bench, Side
from benchmarks.people import people
from benchmarks.results import Row, Table, Target
from benchmarks.side import Run
from benchmarks.vendors import customerio

__all__ = ["BODY", "NEEDS_SERVER", "headers_for", "measure"]

NEEDS_SERVER = True

CALLS, ROUNDS = 2_000, 7
# What ciokit sends for the event below, to the byte but for the ULID and the times.
BODY = (
    b'{"type":"person","action":"event","identifiers":{"id":"user-000001"},"name":"checkout_completed",'
    b'"id":"01JDEXAMP1E000000000000000","timestamp":1795512600,"attributes":{"order_id":"o-100234",'
    b'"total":129.9,"currency":"EUR","items":3,"tracked_at":1795512600}}'
)


def measure(bench: Bench) -> Table:
    """Measure the clients in turns."""
    sides = [
        Side("ciokit", f"{__name__}:ciokit_track", "requests"),
        Side("customerio", f"{__name__}:customerio_track", "requests"),
        Side("httpcore2 alone, bytes ready", f"{__name__}:httpcore2_post", "requests"),
    ]
    lines = bench.microseconds(sides, calls=CALLS, rounds=ROUNDS)
    row = Row("TrackClient.track, one by one", "µs", lines, Target("at most", 0.6, to="customerio"))
    return Table("One event a request", (row,))


def ciokit_track(url: str) -> Run:
    """Track typed events."""
    from benchmarks.shop import CheckoutCompleted
    from ciokit import RateLimit, TrackClient

    client = TrackClient("site", "key", base_url=url, rate_limit=RateLimit(None))  # the peers have none

    def run(calls: int) -> None:
        for _, person in people(calls):
            client.track(person, CheckoutCompleted(order_id="o-100234", total=129.9, currency="EUR", items=3))

    return run


def customerio_track(url: str) -> Run:
    """Track dicts."""
    client = customerio(url)

    def run(calls: int) -> None:
        for _, person in people(calls):
            client.track(
                person,
                "checkout_completed",
                {"order_id": "o-100234", "total": 129.9, "currency": "EUR", "items": 3},
            )

    return run


def headers_for(url: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that ciokit would send with `BODY`."""
    return [
        (b"Host", url.removeprefix("http://").encode()),
        (b"Authorization", b"Basic c2l0ZTprZXk="),
        (b"User-Agent", b"floor"),
        (b"Accept", b"application/json"),
        (b"Content-Type", b"application/json"),
        (b"Content-Length", b"%d" % len(BODY)),
    ]


def httpcore2_post(url: str) -> Run:
    """Post bytes that are ready."""
    import httpcore2

    pool = httpcore2.ConnectionPool(max_connections=10, keepalive_expiry=30)
    address = f"{url}/api/v2/entity"
    headers = headers_for(url)

    def run(calls: int) -> None:
        for _ in people(calls):
            pool.request("POST", address, headers=headers, content=BODY)

    return run
