"""The guards around all tests do guard."""

import os
import re
import socket
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
UNIT_CONFTEST = CONFTEST.parent / "unit" / "conftest.py"

SKIPPING = """
import pytest

def test_skipped():
    pytest.skip("no such thing here")

@pytest.mark.xfail(reason="known", strict=True)
def test_expected_to_fail():
    assert False

def test_passed():
    pass
"""
SKIPPING_MODULE = "import pytest; pytest.skip('no module of that name', allow_module_level=True)"


def guards_alone() -> str:
    """Return this suite's conftest for a suite inside it; the nested one needs no second pytester."""
    return re.sub(r"(?m)^pytest_plugins = .*$", "", CONFTEST.read_text(encoding="utf-8"))


def test_skips_are_skips_at_home(pytester: pytest.Pytester) -> None:
    """Without the option a missing component skips its test and the run passes."""
    pytester.makeconftest(guards_alone())
    pytester.makepyfile(SKIPPING)
    pytester.runpytest_inprocess("-p", "no:cov").assert_outcomes(passed=1, skipped=1, xfailed=1)


def test_no_skips_turns_each_skip_into_a_failure_with_its_reason(pytester: pytest.Pytester) -> None:
    """With the option the reason of a skip becomes the reason of a failure; an expected failure stays one."""
    pytester.makeconftest(guards_alone())
    pytester.makepyfile(SKIPPING)
    result = pytester.runpytest_inprocess("-p", "no:cov", "--no-skips")
    result.assert_outcomes(passed=1, failed=1, xfailed=1)
    result.stdout.fnmatch_lines(["*skipped where nothing may be skipped: *no such thing here*"])


def test_no_skips_fails_a_module_that_skips_itself(pytester: pytest.Pytester) -> None:
    """A module that is skipped while it is collected counts as well."""
    pytester.makeconftest(guards_alone())
    pytester.makepyfile(SKIPPING_MODULE)
    result = pytester.runpytest_inprocess("-p", "no:cov", "--no-skips")
    assert result.ret != pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*skipped where nothing may be skipped: *no module of that name*"])


def test_settings_of_the_person_are_gone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of ciokit, of a proxy or of a CA reaches a test, and no file lies around it."""
    for name in ("CUSTOMERIO_SITE_ID", "CIOKIT_BASE_URL", "HTTPS_PROXY", "https_proxy", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, "of the person")
    pytester.makeconftest(guards_alone())
    pytester.makepyfile("""
        import os
        from pathlib import Path

        def test_clean():
            assert "of the person" not in os.environ.values()
            assert list(Path.cwd().iterdir()) == []
    """)
    pytester.runpytest_inprocess("-p", "no:cov").assert_outcomes(passed=1)
    assert os.environ["CIOKIT_BASE_URL"] == "of the person"


def test_unit_tests_share_a_directory_and_leave_nothing_in_it(pytester: pytest.Pytester) -> None:
    """A unit test begins where no file is; one that leaves a file there fails, unless it asked for a directory."""
    pytester.makeconftest(guards_alone())
    pytester.mkdir("unit").joinpath("conftest.py").write_text(UNIT_CONFTEST.read_text(encoding="utf-8"))
    pytester.path.joinpath("unit", "test_files.py").write_text("""
from pathlib import Path

def test_leaves_a_file():
    Path("left").write_text("", encoding="utf-8")

def test_begins_where_no_file_is():
    assert list(Path.cwd().iterdir()) == []
    assert Path.cwd().name.startswith("ciokit-nowhere-")

def test_has_a_directory(tmp_path):
    Path("mine").write_text("", encoding="utf-8")
    assert (tmp_path / "mine").exists()
""")
    before = Path.cwd()
    result = pytester.runpytest_inprocess("-p", "no:cov")
    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(
        ["*test_leaves_a_file*", "E*a test that leaves files asks for tmp_path: *left*"]
    )
    assert Path.cwd() == before


@pytest.mark.ciokit_network  # the plugin's own guard would be the first to refuse
@pytest.mark.parametrize("host", ["track.customer.io", "192.0.2.1", "10.0.0.1"])
def test_a_test_cannot_leave_this_machine(host: str) -> None:
    """A name or an address that is not of this machine is refused before anything is sent."""
    with pytest.raises(RuntimeError, match=f"tried to reach {host}"):
        socket.create_connection((host, 443), timeout=1)


def test_loopback_is_open() -> None:
    """Real sockets on this machine work in tests."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        pass
