"""The state machine, for every store."""

from hypothesis import settings

from ciokit.stores.contract import Store
from ciokit.stores.memory import MemoryStore

from .machine import PowerSpoolMachine, ProcessSpoolMachine, StoreMachine


class MemoryMachine(StoreMachine):
    """The store in memory."""

    def make(self) -> Store:
        """Open an empty store."""
        return MemoryStore()


TestMemory = MemoryMachine.TestCase
TestProcessSpool = ProcessSpoolMachine.TestCase
TestPowerSpool = PowerSpoolMachine.TestCase

# Each example opens and reads many spools: fewer of them in a plain run, all that are asked for in a thorough one.
examples = settings().max_examples
modest = settings(max_examples=examples if examples > 100 else examples // 2, stateful_step_count=30)
TestMemory.settings = TestProcessSpool.settings = TestPowerSpool.settings = modest
