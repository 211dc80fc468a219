"""Two small processes that stand in for the outside world in the demo and in tests. The hub never imports them."""
