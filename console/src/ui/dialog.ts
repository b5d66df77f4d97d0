/** A dialog's head is no banner of the page. */
export const DIALOG = { header: { role: "presentation" } } as const;
