"""A local Customer.io: a pure world with the vendor's rules, and shells that serve it."""

from ciokit.sandbox.exchange import Answer, Reply, Request
from ciokit.sandbox.faults.rules import Effect, FaultRule
from ciokit.sandbox.state.retention import Retention
from ciokit.sandbox.state.rules import Rules
from ciokit.sandbox.world import World

__all__ = ["Answer", "Effect", "FaultRule", "Reply", "Request", "Retention", "Rules", "World"]
