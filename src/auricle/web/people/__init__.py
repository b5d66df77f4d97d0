"""The people of the practice: their standing and their sessions."""
