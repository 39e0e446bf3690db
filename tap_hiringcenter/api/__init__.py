"""What the tap and the target must agree on: about the three APIs, and towards whoever runs them.

Where each system is, who asks (the key), how fast (the budget), what is repeated, what is an error, and how answers are wrapped; and how a
program is started, ended and reported on. Nothing in this package knows of streams or sinks: both executables point here, and it points at
neither.
"""
