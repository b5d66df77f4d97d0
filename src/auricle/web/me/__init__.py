"""One's own password, second factors and sessions."""
