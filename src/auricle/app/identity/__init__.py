"""Who is there: sessions, second factors, standing of people, and guessing slowed down. Shared by all ways to sign in."""
