"""The engine: pure verbs that decide which records are one customer. No framework, no clock, no network."""
