"""The arguments of an outbox as people see them: in `help`, in shells and in notebooks.

What makes an outbox takes the arguments by name and hands them on, so Python itself would show `**options`.
"""

from typing import TYPE_CHECKING, Any, Final

from ciokit.outboxes.shell import OutboxShell

if TYPE_CHECKING:
    from inspect import Signature

__all__ = ["ShownArguments"]

_HOME: Final = "ciokit.outboxes."


class ShownArguments:
    """Be the `__signature__` of a class of outboxes.

    Args:
        client: The annotation of its client, as text.
    """

    def __init__(self, client: str) -> None:
        self._client = client

    def __get__(self, _outbox: object, kind: type) -> "Signature":
        import inspect  # heavy, and only for whoever looks

        declared = next(base for base in kind.__mro__ if "__init__" in vars(base))
        if not declared.__module__.startswith(_HOME):
            raise AttributeError  # an application's own class, made with arguments of its own
        shell: type[OutboxShell[Any]] = OutboxShell
        found = inspect.signature(shell)
        client, *options = found.parameters.values()
        shown = [client.replace(annotation=self._client), *options]
        return found.replace(parameters=shown, return_annotation=inspect.Signature.empty)
