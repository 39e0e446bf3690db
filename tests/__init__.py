"""The tests, and the sandbox that they talk to."""
