"""How fast the running hub answers and takes in: over HTTP on loopback, at a hundred thousand and a million records."""
