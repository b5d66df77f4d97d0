"""The one practice of this instance: who works there, what rings where, and what its settings allow."""
