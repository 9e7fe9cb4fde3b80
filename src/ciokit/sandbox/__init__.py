"""A local Customer.io: a pure world with the vendor's rules, and shells that serve it."""

from ciokit.sandbox.exchange import Answer, Reply, Request
from ciokit.sandbox.faults import Effect, FaultRule
from ciokit.sandbox.retention import Retention
from ciokit.sandbox.rules import Rules
from ciokit.sandbox.world import World

__all__ = ["Answer", "Effect", "FaultRule", "Reply", "Request", "Retention", "Rules", "World"]
