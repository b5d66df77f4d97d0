"""The policies as text, in Cedar; read by people and by `access.decision`."""
