"""Real pipelines: the project in examples/meltano, and loaders that fill real warehouses."""
