"""Stand-ins for the world: they fit the ports of the code under test and remember what it asked of them."""
