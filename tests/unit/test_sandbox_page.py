"""The page's files: what may run, what may not be in them, and colours that can be read."""

import re
from pathlib import Path

import pytest

import ciokit.sandbox
from ciokit.sandbox.serving.page import PAGE_PREFIX, POLICY, Page

FOLDER = Path(ciokit.sandbox.__file__).parent / "page"
MODULES = sorted(FOLDER.glob("*.js"))
DOCUMENTS = sorted(FOLDER.glob("*.html"))
STYLE = (FOLDER / "style.css").read_text(encoding="utf-8")

# What would turn text into markup or code, or reach past the page.
DANGERS = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc=|DOMParser|https?://"
)
NAMESPACE = '"http://www.w3.org/2000/svg"'


def test_policy_lets_nothing_run_but_the_page() -> None:
    """Everything is forbidden first; scripts and styles are files of this server, and text never becomes markup."""
    parts = POLICY.split("; ")
    assert parts[:6] == [
        "default-src 'none'",
        *(f"{kind}-src 'self'" for kind in ("script", "style", "img", "connect", "frame")),
    ]
    assert {"base-uri 'none'", "frame-ancestors 'none'"} < set(parts)
    assert {"require-trusted-types-for 'script'", "trusted-types 'none'"} < set(parts)
    assert "unsafe" not in POLICY


def test_every_file_is_served_with_its_type_and_policy() -> None:
    """Whatever lies in the folder is found at its address, and documents only at theirs."""
    page = Page()
    for file in FOLDER.iterdir():
        reply = page.find(PAGE_PREFIX + file.name)
        if file.suffix == ".html":
            assert reply is None
            continue
        assert reply is not None
        assert reply.body == file.read_bytes()
        assert reply.headers["content-security-policy"] == POLICY
        assert reply.headers["x-content-type-options"] == "nosniff"
        assert reply.headers["referrer-policy"] == "no-referrer"
    home = page.find("/")
    assert home is not None
    assert home.headers["x-frame-options"] == "DENY"
    assert page.find("/elsewhere") is None
    assert page.find(f"{PAGE_PREFIX}../page.py") is None
    assert page.sign_in.status == 401


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_documents_have_nothing_inline_and_nothing_from_elsewhere(document: Path) -> None:
    """A document has no script, style or handler of its own, and names no other host."""
    html = document.read_text(encoding="utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", html) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=|javascript:", html) == []
    assert re.findall(r"(?:href|src|action)=\"(?![/#])", html) == []
    assert "//" not in html.replace("<!-- ", "")


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_modules_build_nothing_from_markup(module: Path) -> None:
    """No module can turn what the sandbox was sent into markup or code, and none is long."""
    text = module.read_text(encoding="utf-8")
    assert DANGERS.findall(text.replace(NAMESPACE, "")) == []
    assert text.startswith("// ")
    assert len(text.splitlines()) <= 260


def test_modules_import_what_there_is() -> None:
    """Every import names a module of the folder and something that it exports."""
    texts = {module.name: module.read_text(encoding="utf-8") for module in MODULES}
    for text in texts.values():
        for names, source in re.findall(r'^import \{([^}]+)\} from "\./([^"]+)";', text, re.MULTILINE):
            for name in (part.strip() for part in names.split(",") if part.strip()):
                assert re.search(
                    rf"^export (?:async )?(?:const|function|class) {name}\b", texts[source], re.MULTILINE
                ), f"{source} has no {name}"


def colours() -> dict[str, tuple[str, str]]:
    """Read the colours that have a light and a dark form."""
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)", STYLE)
    return {name: (light, dark) for name, light, dark in found}


def luminance(colour: str) -> float:
    """Compute the relative luminance of WCAG 2.2."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


PAIRS = [
    *((ink, ground) for ink in ("ink", "ink-dim", "accent") for ground in ("paper", "surface", "raised")),
    *((ink, "sunk") for ink in ("ink", "ink-dim", "good", "warn", "info")),
    *((tone, f"{tone}-wash") for tone in ("accent", "good", "warn", "bad", "fault")),
    *((tone, "surface") for tone in ("good", "warn", "bad", "fault", "info")),
    ("ink", "accent-wash"),
    ("ink-dim", "accent-wash"),
    ("accent-ink", "accent"),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_can_be_read(ink: str, ground: str, scheme: int) -> None:
    """Text has the contrast of WCAG AA, 4.5 to 1, on every ground that it stands on."""
    palette = colours()
    lighter, darker = sorted(
        (luminance(palette[ink][scheme]), luminance(palette[ground][scheme])), reverse=True
    )
    assert (lighter + 0.05) / (darker + 0.05) >= 4.5
