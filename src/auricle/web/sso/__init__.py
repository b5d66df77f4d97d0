"""Single sign-on: the way to the practice's own identity provider and back."""
