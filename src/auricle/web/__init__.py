"""HTTPS for people: the API, the live stream and the console's files. One folder a feature; every route declares its access action."""
