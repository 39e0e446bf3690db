"""The tap against the sandbox, over HTTP."""
