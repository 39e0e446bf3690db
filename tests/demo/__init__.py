"""From the sandbox into a warehouse and back to the sandbox's own truth: `python -m tests.demo`."""
