"""What `make docs` lets through."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def build(directory: Path, page: str) -> subprocess.CompletedProcess[str]:
    """Build a site of one page with the command of `make docs`, and with what mkdocs.yml says of warnings."""
    rules = (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nvalidation:\n")[2]
    docs = directory / "docs"
    docs.mkdir()
    (docs / "index.md").write_text(page, encoding="utf-8")
    (directory / "mkdocs.yml").write_text(f"site_name: small\nvalidation:\n{rules}", encoding="utf-8")
    (command,) = re.findall(
        r"^\t\$\(BIN\)/(mkdocs .*)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE
    )
    line = [sys.executable, "-m", *shlex.split(command)]
    return subprocess.run(line, cwd=directory, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("page", ["[gone](gone.md)", "[gone](#gone)", "[gone](/gone.md)"])
def test_a_link_that_leads_nowhere_fails_the_build(page: str, tmp_path: Path) -> None:
    """A link to a page, a heading or an address that is not there is an error, not a line that scrolls by."""
    done = build(tmp_path, page)
    assert done.returncode != 0
    assert "gone" in done.stderr


def test_a_page_without_fault_is_built(tmp_path: Path) -> None:
    """What fails above fails for the link alone."""
    done = build(tmp_path, "# Here\n\n[here](#here)\n")
    assert (done.returncode, (tmp_path / "site" / "index.html").is_file()) == (0, True), done.stderr
