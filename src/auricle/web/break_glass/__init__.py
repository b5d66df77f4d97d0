"""Emergency access: breaking the glass, ending it, reviewing it."""
