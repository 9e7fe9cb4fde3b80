"""Tables for people: with rich where it is installed, plain text where not, and Markdown of a kept record."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.results import Grid, Row, Spread, Table, outcome, ratio

__all__ = ["cells", "markdown", "plain", "show", "with_record"]

HEAD = ("", "median", "min - max", "ciokit is", "target", "outcome")


def show(table: Table | Grid) -> None:
    """Print a table."""
    if isinstance(table, Grid):
        print(_aligned([table.head, *table.rows], table.title, table.notes), end="\n\n")
        return
    try:
        import rich.box
        import rich.console
        import rich.table
    except ImportError:
        print(plain(table))
        return
    styled = rich.table.Table(title=table.title, box=rich.box.SIMPLE_HEAD, title_justify="left")
    for place, name in enumerate(HEAD):
        styled.add_column(name, justify="right" if 0 < place < 4 else "left", no_wrap=True)
    for row in cells(table):
        style = "bold" if row[4] else ""
        styled.add_row(*row[:5], _coloured(row[5]), style=style)
    # As wide as the table needs, in a log too: a cut number is no number.
    needed = rich.console.Console(width=1000).measure(styled).maximum
    console = rich.console.Console(width=needed)
    console.print(styled)
    for note in table.notes:
        console.print(f"  {note}", style="dim", highlight=False)


def _coloured(words: str) -> str:
    colour = "green" if words == "reached" else "yellow"
    return f"[{colour}]{words}[/]" if words else ""


def plain(table: Table) -> str:
    """Lay a table out as text."""
    return _aligned([HEAD, *cells(table)], table.title, table.notes, numbers=4)


def _aligned(
    rows: Sequence[Sequence[str]], title: str, notes: Sequence[str], *, numbers: int | None = None
) -> str:
    """Lay rows out in columns, the first and those from `numbers` on to the left."""
    last = numbers or len(rows[0])
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    lines = [title]
    for row in rows:
        padded = (
            text.rjust(width) if 0 < place < last else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join(padded).rstrip())
    lines += [f"  {note}" for note in notes]
    return "\n".join(lines)


def cells(table: Table) -> Iterator[tuple[str, str, str, str, str, str]]:
    """Yield the texts of a table: a line for each side, a row's name at its first."""
    for row in table.rows:
        first, *others = row.lines
        yield (row.name, *_values(first.spread, row.unit), "", _target(row), outcome(row))
        for line in others:
            compared = ratio(first, line)
            words = f"{_number(compared.median)}x ({_number(compared.low)} - {_number(compared.high)})"
            yield (f"    {line.label}", *_values(line.spread, row.unit), words, "", "")


def markdown(record: Mapping[str, Any]) -> str:
    """Lay a kept record out as Markdown: the machine, then each table."""
    machine = record["machine"]
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    facts = (
        f"Measured {record['measured']} on {machine['cores']} cores of {machine['cpu']}, {machine['system']}, "
        f"{machine['python']}, at a load of {machine['load']} by others; {versions}."
    )
    lines = [facts]
    for table in record["tables"]:
        lines += ["", f"### {table['title']}", ""]
        if "grid" in table:
            lines += _markdown_grid(table)
        else:
            lines += ["| | median | min to max | ciokit is | target | outcome |"]
            lines += ["| --- | --: | --: | --: | --- | --- |"]
            for row in table["rows"]:
                lines += _markdown_rows(row)
        lines += [line for note in table["notes"] for line in ("", note)]
    return "\n".join(lines)


def with_record(page: str, area: str, record: Mapping[str, Any]) -> str:
    """Put a record in its place on a page: between two comments that name its area."""
    begin, end = f"<!-- {area}: begin -->", f"<!-- {area}: end -->"
    before, found, rest = page.partition(begin)
    _, also_found, after = rest.partition(end)
    if not (found and also_found):
        msg = f"the page has no place for {area}: {begin} and {end}"
        raise ValueError(msg)
    return f"{before}{begin}\n\n{markdown(record)}\n\n{end}{after}"


def _markdown_grid(table: Mapping[str, Any]) -> Iterator[str]:
    yield f"| {' | '.join(table['head'])} |"
    yield f"| --- |{' --: |' * (len(table['head']) - 1)}"
    for name, *figures in table["grid"]:
        shown = f"**{name}**" if name.startswith("ciokit") else name
        yield f"| {' | '.join([shown, *figures])} |"


def _markdown_rows(row: Mapping[str, Any]) -> Iterator[str]:
    target = row.get("target")
    words = (
        _target_words(target["bound"], target["limit"], target.get("ratio_to", ""), row["unit"])
        if target
        else ""
    )
    for line in row["lines"]:
        figures = (
            f"{_number(line['median'])} {row['unit']} | {_number(line['low'])} to {_number(line['high'])}"
        )
        if "ratio" in line:
            yield f"| {line['label']} | {figures} | {_number(line['ratio']['median'])}x | | |"
        else:
            yield f"| **{row['name']}** | {figures} | | {words} | {row.get('outcome', '')} |"


def _values(values: Spread, unit: str) -> tuple[str, str]:
    return f"{_number(values.median)} {unit}", f"{_number(values.low)} - {_number(values.high)}"


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    return _target_words(row.target.bound, row.target.limit, row.target.to, row.unit)


def _target_words(bound: str, limit: float, to: str, unit: str) -> str:
    return f"{bound} {limit:g}{f'x {to}' if to else f' {unit}'}"


def _number(value: float) -> str:
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 100 else f"{value:.3g}"
