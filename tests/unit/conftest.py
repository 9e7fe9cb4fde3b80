"""Unit tests are many and small: what each of them pays for, all of them pay for."""

import pytest


@pytest.fixture
def own_directory() -> None:
    """Let only a test that asks for `tmp_path` have a directory of its own."""
