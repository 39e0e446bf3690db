"""The tap, stopped at each of its requests and at each line that it writes: all runs together bring all that there is."""
