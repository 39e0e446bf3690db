"""Every way in which an answer can lie: 200 and wrong, short, empty, repeated, circular, cut off, of another kind."""
