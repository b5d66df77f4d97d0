"""The demo: a made-up practice, real third-party phones, and a check of everything the story claims."""
