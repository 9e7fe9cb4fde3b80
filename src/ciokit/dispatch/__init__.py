"""The delivery state machine, pure: what goes out next, in which batch, and what becomes of it."""

from ciokit.dispatch.batch import Batch
from ciokit.dispatch.dispatcher import PATIENT, Dispatcher
from ciokit.dispatch.load import Queued
from ciokit.dispatch.settlement import Settlement

__all__ = ["PATIENT", "Batch", "Dispatcher", "Queued", "Settlement"]
