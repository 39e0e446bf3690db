"""Rules taken out: for each rule that the connector keeps, a change that takes it out, and the tests that must notice."""
