"""Messages, their text and their sound."""
