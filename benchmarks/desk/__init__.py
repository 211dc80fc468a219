"""How fast the steward's pages are, with a hundred thousand customers: server, bytes, queries, a real browser."""
