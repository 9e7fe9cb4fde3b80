"""The typing cases of webhooks and the SDK's form are checked by `make types`; here it is checked that they are there."""

from pathlib import Path

REFUSED = Path(__file__).parent / "webhooks_refused.py"


def test_there_are_enough_wrong_uses_that_both_checkers_refuse() -> None:
    """Each wrong use carries one ignore for mypy and one for pyright, and an unneeded one fails `make types`."""
    lines = REFUSED.read_text().splitlines()
    by_both = [line for line in lines if "# type: ignore[" in line and "# pyright: ignore[" in line]
    assert len(by_both) >= 14
    assert not [line for line in lines if "ignore[" in line and line not in by_both]
