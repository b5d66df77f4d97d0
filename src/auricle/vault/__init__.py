"""Protection of what is kept: keys, sealed fields, sealed audio, blind indexes, and the one gate to open any of it (45 CFR 164.312(a)(2)(iv))."""
