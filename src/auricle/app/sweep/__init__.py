"""The canary sweep: private things nobody else could know are put through a practice's day, then looked for in every byte it left."""
