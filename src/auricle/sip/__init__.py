"""SIP (RFC 3261 and its family) without any I/O: messages in, effects out, time as an argument."""
