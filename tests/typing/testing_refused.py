"""Wrong uses of the fixtures that both checkers refuse; an ignore that is not needed fails `make types`."""

from testing_in_use import OrderPlaced, Person, SignedUp

from ciokit.testing import CioSandbox


def wrong(cio_sandbox: CioSandbox) -> None:
    """Each line is wrong in one way."""
    cio_sandbox.events("user-1", int)  # type: ignore[type-var] # pyright: ignore[reportArgumentType, reportCallIssue]
    cio_sandbox.events(1)  # type: ignore[call-overload] # pyright: ignore[reportArgumentType]
    cio_sandbox.assert_tracked("user-1", OrderPlaced(total=1))  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    cio_sandbox.assert_tracked("user-1", Person(email="a"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    cio_sandbox.assert_tracked("user-1", "seen", ["a"])  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    cio_sandbox.assert_tracked("user-1", "seen", time=2)  # type: ignore[call-arg] # pyright: ignore[reportCallIssue]
    cio_sandbox.assert_identified("user-1", SignedUp(method="a"))  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    cio_sandbox.fail(api="web")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    CioSandbox(region="de")  # type: ignore[arg-type] # pyright: ignore[reportArgumentType]
    cio_sandbox.flush_timeout = cio_sandbox.events("user-1", OrderPlaced)[0].order_id  # type: ignore[assignment] # pyright: ignore[reportAttributeAccessIssue]
