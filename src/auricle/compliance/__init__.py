"""What the law asks of the practice, as rules: agreements with those who get to see patient data, retention, legal hold. Pure."""
