"""The pages at the end of a sign-on, in English and Spanish: no script, no style, nothing of what was sent.

The session's cookie is SameSite=Strict. A browser that came back from the provider by redirects sends no such cookie with a redirect of
ours, so the way ends at a page of ours that goes on by itself: that step begins here, at our own origin (decision 0422).
"""

from html import escape

from starlette.responses import HTMLResponse

from auricle.access.sso import Problem

STATUS = {
    Problem.CANCELLED: 401,
    Problem.OVER: 400,
    Problem.PROVIDER_DOWN: 502,
    Problem.WRONG_ANSWER: 401,
    Problem.NOBODY: 403,
    Problem.NO_SECOND_FACTOR: 403,
    Problem.THROTTLED: 429,
}
_Texts = dict[Problem, tuple[str, str]]
ENGLISH: _Texts = {
    Problem.CANCELLED: (
        "Sign-in was cancelled",
        "The provider sent you back without signing you in. Try again, or sign in with your password.",
    ),
    Problem.OVER: ("This sign-in is over", "It took longer than five minutes, was used before, or began in another browser. Start again."),
    Problem.PROVIDER_DOWN: ("The provider does not answer", "Sign in with your password or passkey, or try again later."),
    Problem.WRONG_ANSWER: (
        "The provider's answer cannot be trusted",
        "You were not signed in. Start again; if it stays, tell your administrator.",
    ),
    Problem.NOBODY: (
        "You are not known here",
        "The provider knows you, but this practice has no active person of that identity. Ask your administrator to add you.",
    ),
    Problem.NO_SECOND_FACTOR: (
        "A second factor is needed",
        "The provider did not confirm one. Sign in there with a second factor, or use your passkey or password here.",
    ),
    Problem.THROTTLED: ("Too many tries", "Wait a few minutes, then start again."),
}
SPANISH: _Texts = {
    Problem.CANCELLED: (
        "Inicio de sesión cancelado",
        "El proveedor le devolvió sin iniciar sesión. Inténtelo de nuevo o use su contraseña.",
    ),
    Problem.OVER: ("Este inicio de sesión terminó", "Duró más de cinco minutos, ya se usó o empezó en otro navegador. Empiece de nuevo."),
    Problem.PROVIDER_DOWN: ("El proveedor no responde", "Use su contraseña o su llave de acceso, o inténtelo más tarde."),
    Problem.WRONG_ANSWER: (
        "No se puede confiar en la respuesta del proveedor",
        "No se inició la sesión. Empiece de nuevo; si sigue así, avise a su administrador.",
    ),
    Problem.NOBODY: (
        "No se le conoce aquí",
        "El proveedor le conoce, pero esta consulta no tiene a ninguna persona activa con esa identidad. Avise a su administrador.",
    ),
    Problem.NO_SECOND_FACTOR: (
        "Hace falta un segundo factor",
        "El proveedor no confirmó ninguno. Inicie sesión allí con un segundo factor, o use aquí su llave de acceso o su contraseña.",
    ),
    Problem.THROTTLED: ("Demasiados intentos", "Espere unos minutos y empiece de nuevo."),
}


def refused_page(problem: Problem, accept_language: str) -> HTMLResponse:
    """Why it did not work and what to do, with the way back to the sign-in page."""
    if _spanish(accept_language):
        title, text = SPANISH[problem]
        return _page("es", title, f"<p>{escape(text)}</p>", "Volver al inicio de sesión", STATUS[problem])
    title, text = ENGLISH[problem]
    return _page("en", title, f"<p>{escape(text)}</p>", "Back to sign-in", STATUS[problem])


def arrived_page(accept_language: str) -> HTMLResponse:
    """Goes on to the console by itself; the link is for browsers that were told not to."""
    language, title, on = ("es", "Iniciando sesión", "Continuar") if _spanish(accept_language) else ("en", "Signing in", "Continue")
    return _page(language, title, "", on, 200, refresh=True)


def _page(language: str, title: str, body: str, link: str, status: int, *, refresh: bool = False) -> HTMLResponse:
    go_on = '<meta http-equiv="refresh" content="0;url=/">' if refresh else ""
    return HTMLResponse(
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">{go_on}</head>'
        f'<body><main><h1>{escape(title)}</h1>{body}<p><a href="/">{escape(link)}</a></p></main></body></html>\n',
        status,
    )


def _spanish(accept_language: str) -> bool:
    """Whether the first language a browser asks for is Spanish."""
    return accept_language.strip().lower().startswith("es")
