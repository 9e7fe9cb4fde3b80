"""What a receiver would have seen: Liquid rendered with the message's data, within bounds.

Needs the package python-liquid; without it the text is shown as it was sent, with a note that says so.
"""

from typing import TYPE_CHECKING, Any, Final

import msgspec

from ciokit.sandbox.shapes import Identifier
from ciokit.sandbox.state.records import Message
from ciokit.sandbox.state.workspace import Workspace

if TYPE_CHECKING:
    from liquid import Environment

_TEXTS: Final = [
    "from",
    "reply_to",
    "subject",
    "preheader",
    "body",
    "body_plain",
    "body_amp",
    "title",
    "message",
    "link",
    "image_url",
]
_MOST_CHARACTERS: Final = 2_000_000


class Rendered(msgspec.Struct, frozen=True):
    """Hold a message as its receiver would see it.

    Args:
        texts: Rendered text by name: subject, body and so on.
        problems: What could not be rendered, and why.
    """

    texts: dict[str, str]
    problems: list[str]


def render(workspace: Workspace, message: Message) -> Rendered:
    """Render a message's texts.

    Args:
        workspace: The workspace.
        message: The message.

    Returns:
        The texts; one that cannot be rendered is left as it was sent.
    """
    given = {name: message.content[name] for name in _TEXTS if isinstance(message.content.get(name), str)}
    try:
        environment = _environment()
    except ImportError:
        return Rendered(given, ["python-liquid is not installed: Liquid is shown as it was sent"])
    data = _data(workspace, message)
    texts: dict[str, str] = {}
    problems: list[str] = []
    for name, text in given.items():
        texts[name] = _render(environment, name, text, data, problems)
    return Rendered(texts, problems)


def _environment() -> "Environment":
    from liquid import Environment

    class Bounded(Environment):
        """Liquid that cannot run away."""

        loop_iteration_limit = 10_000
        local_namespace_limit = _MOST_CHARACTERS
        output_stream_limit = _MOST_CHARACTERS
        context_depth_limit = 20

    return Bounded()


def _render(
    environment: "Environment", name: str, text: str, data: dict[str, Any], problems: list[str]
) -> str:
    try:
        return environment.from_string(text).render(**data)
    except Exception as error:  # noqa: BLE001  # a filter can fail in any way on what it is given
        problems.append(f"{name}: {type(error).__name__}: {str(error).splitlines()[0]}")
        return text


def _data(workspace: Workspace, message: Message) -> dict[str, Any]:
    """Gather what templates speak of: the receiver, the trigger's data, the snippets."""
    person = workspace.people.find(Identifier("cio_id", message.cio_id))
    snippets = {name: snippet.value for name, snippet in workspace.account.snippets.items()}
    attributes = person.attributes if person is not None else {}
    return {
        "customer": {**attributes, "cio_id": message.cio_id},
        "trigger": message.data,
        "message_data": message.data,
        "snippets": snippets,
        "delivery_id": message.delivery_id,
    }
