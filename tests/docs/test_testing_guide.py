"""The guide on testing: its files are an application and its tests, and pytest runs them."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from ciokit.testing import CioSandbox

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "guides" / "testing.md"
FILE = re.compile(r'^```python title="(?P<name>\w+\.py)"\n(?P<code>.*?)^```$', re.MULTILINE | re.DOTALL)


def test_the_guides_tests_pass(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test that the guide shows passes, against the application that it shows."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "src"))
    text = GUIDE.read_text(encoding="utf-8")
    files = {found["name"]: found["code"] for found in FILE.finditer(text)}
    for name, code in files.items():
        (pytester.path / name).write_text(code, encoding="utf-8")
    plugin = () if entry_points(group="pytest11", name="ciokit") else ("-p", "pytest_ciokit")
    result = pytester.runpytest_subprocess(*plugin, "-W", "error", "--strict-markers")
    shown = sum(code.count("\ndef test_") for code in files.values())
    assert shown > 5
    result.assert_outcomes(passed=shown)


def test_the_guide_names_every_assertion() -> None:
    """No assertion is left out of the guide's table, and none is in it that is not there."""
    there = {name for name in dir(CioSandbox) if name.startswith("assert_")}
    table = set(re.findall(r"^\| `(assert_\w+)", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert table == there
