"""Rows in batches: what is settled when, and what one wrong row costs."""

from collections.abc import Iterator, Sequence

import pytest

from ciokit import RetryPolicy, TrackClient, Unauthorized
from ciokit.batching import BatchResult
from ciokit.cli.failures import FailureError
from ciokit.cli.imports.bookmark import Bookmark
from ciokit.cli.imports.load import Load
from ciokit.cli.imports.recipe import Mapping, Recipe
from ciokit.cli.imports.refused import RefusedRow
from ciokit.cli.imports.rows import Row
from ciokit.sandbox import Effect, FaultRule, Rules, World
from ciokit.sandbox.inprocess import SandboxTransport
from ciokit.wire import Entry

NOW = 1_790_000_000.0


class Importer:
    """Import rows into a world of its own, and remember every time that progress was written down."""

    def __init__(self, *, id_kind: str = "id", keys: dict[str, str] | None = None) -> None:
        self.world = World(rules=Rules(identifiers=("id", "email")), keys=keys)
        self.client = TrackClient(
            "site",
            "key",
            base_url="http://127.0.0.1:9",
            retry=RetryPolicy(base_delay=0, max_delay=0),
            transport=SandboxTransport(self.world),
        )
        kinds = {
            "id": Mapping(person="who", event="x"),
            "phone": Mapping(person="who", event="x", id_kind="phone"),
        }
        self.recipe = Recipe(kinds[id_kind], b"file", textual=True)
        self.bookmark = Bookmark(digest="")
        self.settled: list[int] = []
        self.refused: list[RefusedRow] = []
        self.sizes: list[int] = []

    def settle(self, refused: Sequence[RefusedRow]) -> None:
        """Write progress down."""
        self.settled.append(self.bookmark.rows)
        self.refused += refused

    def send(self, entries: Sequence[Entry]) -> BatchResult:
        """Send, and remember how much."""
        self.sizes.append(len(entries))
        return self.client.send(entries)

    def run(self, rows: Iterator[Row]) -> None:
        """Import."""
        for _ in Load(self.recipe, self.send, self.settle, self.bookmark, NOW).run(rows):
            pass

    def fail(self, effect: Effect, *, times: int | None = None) -> None:
        """Let batches go wrong."""
        self.world.faults.add(FaultRule(path="/api/v2/batch", effect=effect, times=times), NOW)


def rows(count: int, *, wrong: Sequence[int] = (), long: int = 0, who: str = "u{}") -> Iterator[Row]:
    """Make rows; the wrong ones name nobody."""
    for number in range(1, count + 1):
        person = "" if number in wrong else who.format(number)
        yield Row(number, {"who": person, "n": str(number), "pad": "p" * long}, (person, str(number)))


def test_batches_are_full() -> None:
    """A request is as large as the API takes, and progress is written down after each one."""
    importer = Importer()
    importer.run(rows(400, long=5000))
    bodies = [request.size for request in importer.world.requests]
    assert len(bodies) == importer.bookmark.requests == len(importer.settled) == 5
    assert all(490_000 < size <= 500_000 for size in bodies[:-1])
    assert importer.settled[-1] == importer.bookmark.rows == importer.bookmark.accepted == 400
    assert [event.data["n"] for event in importer.world.events()] == list(range(1, 401))


def test_wrong_rows_cost_themselves() -> None:
    """A row that is wrong is refused with its line, and the others arrive in their order."""
    importer = Importer()
    importer.run(rows(10, wrong=[3, 7]))
    assert [(row.line, row.reason) for row in importer.refused] == [
        (3, "who: names no person: empty"),
        (7, "who: names no person: empty"),
    ]
    assert (importer.bookmark.accepted, importer.bookmark.refused) == (8, 2)
    assert len(importer.world.events()) == 8


def test_what_the_service_refuses_is_refused_by_line() -> None:
    """An item of a 207 is told with the service's own words, among the others in the order of the file."""
    importer = Importer(id_kind="phone")
    importer.run(rows(3, wrong=[2], who="+1415555010{}"))
    assert [row.line for row in importer.refused] == [1, 2, 3]
    assert importer.refused[0].reason.startswith("Customer.io: identifiers.phone: ")
    assert importer.bookmark.accepted == 0


@pytest.mark.parametrize("status", [400, 413])
def test_a_request_refused_as_a_whole_is_cut_in_two(status: int) -> None:
    """Halves go again until they are taken, each row once."""
    importer = Importer()
    importer.fail(Effect(status=status), times=3)
    importer.run(rows(10))
    assert importer.sizes == [10, 5, 2, 1, 1, 3, 5]
    assert (importer.bookmark.accepted, importer.bookmark.refused, importer.bookmark.requests) == (10, 0, 7)
    assert [event.data["n"] for event in importer.world.events()] == list(range(1, 11))


def test_the_culprit_is_found() -> None:
    """A single row that a request of its own cannot bring through is refused alone."""
    importer = Importer()
    importer.fail(Effect(status=400), times=4)
    importer.run(rows(10))
    assert [(row.line, row.reason) for row in importer.refused] == [(1, "Customer.io: Bad Request")]
    assert importer.bookmark.accepted == 9


def test_a_service_that_refuses_everything_stops_it() -> None:
    """When row after row is refused and none is taken, the rest of the file is not tried."""
    importer = Importer()
    importer.fail(Effect(status=400))
    with pytest.raises(FailureError, match="refuses every row"):
        importer.run(rows(1000))
    assert (importer.bookmark.rows, importer.settled) == (0, [])
    assert len(importer.world.requests) < 60


def test_what_failed_is_not_settled() -> None:
    """After a failure for good, what the bookmark says holds: the requests before it."""
    importer = Importer()
    importer.world.faults.add(FaultRule(path="*", script=(None, *[Effect(status=503)] * 4)), NOW)
    with pytest.raises(Exception, match="503"):
        importer.run(rows(400, long=5000))
    assert importer.bookmark.rows == importer.settled[-1] == len(importer.world.events()) < 400


def test_wrong_keys_stop_it_at_once() -> None:
    """They refuse no row: the same import works later, with the right ones."""
    importer = Importer(keys={"other:key": "main"})
    with pytest.raises(Unauthorized):
        importer.run(rows(5))
    assert (importer.bookmark.rows, importer.refused) == (0, [])


def test_only_checked() -> None:
    """Without a sender every row is checked and counted, and nothing leaves."""
    importer = Importer()
    load = Load(importer.recipe, None, importer.settle, importer.bookmark, NOW)
    assert len(list(load.run(rows(10, wrong=[3])))) == 10
    assert (importer.bookmark.accepted, importer.bookmark.refused) == (9, 1)
    assert importer.world.requests == []


def test_refused_rows_are_settled_too() -> None:
    """Progress is written down although there is next to nothing to send."""
    importer = Importer()
    importer.run(rows(25_000, wrong=range(2, 25_001)))
    assert importer.settled == [10_000, 20_000, 25_000]
    assert len(importer.refused) == 24_999


def test_complaints_that_name_no_row_are_kept() -> None:
    """What a good answer says of the request as a whole is not lost."""
    importer = Importer()
    importer.fail(Effect(status=200, body='{"errors":[{"reason":"odd","message":"something"}]}'), times=1)
    load = Load(importer.recipe, importer.send, importer.settle, importer.bookmark, NOW)
    list(load.run(rows(2)))
    assert load.unplaced == ["odd: something"]
