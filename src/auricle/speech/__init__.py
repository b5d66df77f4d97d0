"""Speech without any I/O: transcripts, guards against invented words, comparison of texts, names of prompts."""
