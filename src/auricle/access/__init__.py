"""Who may do what: roles, actions, Cedar policies, sign-in rules (45 CFR 164.308(a)(4), 164.312(a))."""
