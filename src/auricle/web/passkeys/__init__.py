"""Passkeys: keeping one's own, signing in with them, and proving again who one is."""
