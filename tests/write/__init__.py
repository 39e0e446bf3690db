"""The target, over real HTTP: what it makes of its input, and that nothing is lost or done twice whatever happens."""
