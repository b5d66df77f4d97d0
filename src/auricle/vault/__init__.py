"""What protects what is kept: keys, sealed fields and audio, blind indexes, and the one gate to open any (45 CFR 164.312(a)(2)(iv))."""
