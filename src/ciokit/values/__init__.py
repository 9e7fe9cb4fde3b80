"""What a value of an application becomes in JSON, and what is wrong with it."""
