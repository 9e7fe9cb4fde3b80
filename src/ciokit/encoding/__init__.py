"""From an operation to the bytes that will be sent, its limits checked."""
