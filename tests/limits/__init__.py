"""Hours of requests in seconds: the connector's own pacing against servers that limit it, in time that passes only when everybody waits.

`python -m tests.limits` tries every scenario and prints what was allowed, used and refused; the tests hold a sample.
"""
