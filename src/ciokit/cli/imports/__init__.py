"""A file into Customer.io: survey, rows, cells, operations, batches, and the memory of how far it came."""
