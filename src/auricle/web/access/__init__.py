"""Who may do what: the matrix, what-if, grants, and marks of patients."""
