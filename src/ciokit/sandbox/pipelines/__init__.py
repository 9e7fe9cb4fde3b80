"""The Pipelines API."""

from ciokit.sandbox.pipelines.calls import ROUTES, answer_refusals

__all__ = ["ROUTES", "answer_refusals"]
