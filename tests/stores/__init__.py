"""Tests of the stores: one contract and one state machine for all of them, and what each has of its own."""

import pytest

pytest.register_assert_rewrite(f"{__name__}.contract", f"{__name__}.machine")
