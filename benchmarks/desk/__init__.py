"""How fast the steward's pages are: server, bytes, queries and a real browser, on a hub of a hundred thousand customers."""
