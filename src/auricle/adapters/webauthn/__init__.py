"""WebAuthn ceremonies by the library `webauthn` (py_webauthn), with the checks it leaves to its user."""

from auricle.adapters.webauthn.ceremonies import creation_options, request_options, user_handle_of, verify_assertion, verify_registration
from auricle.adapters.webauthn.reading import credential_id_of

__all__ = ["creation_options", "credential_id_of", "request_options", "user_handle_of", "verify_assertion", "verify_registration"]
