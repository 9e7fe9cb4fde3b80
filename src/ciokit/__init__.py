"""Production-grade Customer.io for Python."""
