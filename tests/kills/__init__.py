"""Kills: the target is killed at each of its requests, run again, and what the servers then hold is audited. `python -m tests.kills`."""
