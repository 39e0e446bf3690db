"""What the tap and the target must agree on about the three APIs.

Where each system is, who asks (the key), how fast (the budget), what is repeated, and what is an error. Nothing in this package knows of
streams or sinks: both executables point here, and it points at neither.
"""
