/** Passkeys (WebAuthn level 3) through SimpleWebAuthn; loaded when somebody uses one. */
import { WebAuthnAbortService, startAuthentication, startRegistration, type PublicKeyCredentialCreationOptionsJSON, type PublicKeyCredentialRequestOptionsJSON } from "@simplewebauthn/browser";

import { api, body } from "../api/client";
import type { Session } from "./session";

const USED = "auricle-passkey"; // that this browser has one: then it is offered in the user name field

/** The person closed the browser's window, or it timed out: no error to show. */
export const givenUp = (error: Error | null): boolean => error?.name === "NotAllowedError" || error?.name === "AbortError";

export const usedHere = (): boolean => localStorage.getItem(USED) !== null;

/** Sign in with a passkey; `autofill` waits until one is picked in the user name field. */
export async function signInByPasskey(autofill: boolean): Promise<Session> {
  const options = await body(api.POST("/api/v1/session/passkey/options"));
  const credential = await startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON, useBrowserAutofill: autofill });
  const session = await body(api.POST("/api/v1/session/passkey", { body: { credential } }));
  localStorage.setItem(USED, "1");
  return session;
}

/** Prove again who one is. */
export async function stepUpByPasskey(): Promise<void> {
  const options = await body(api.POST("/api/v1/session/step-up/passkey/options"));
  const credential = await startAuthentication({ optionsJSON: options as unknown as PublicKeyCredentialRequestOptionsJSON });
  await api.POST("/api/v1/session/step-up/passkey", { body: { credential } });
}

/** Make a passkey on this device or a key. */
export async function addPasskey(name: string): Promise<void> {
  const options = await body(api.POST("/api/v1/me/passkeys/options"));
  const credential = await startRegistration({ optionsJSON: options as unknown as PublicKeyCredentialCreationOptionsJSON });
  await api.POST("/api/v1/me/passkeys", { body: { name, credential: { ...credential, response: { ...credential.response, transports: credential.response.transports ?? [] } } } });
  localStorage.setItem(USED, "1");
}

/** Stop waiting for a passkey in the user name field. */
export const stopWaiting = (): void => WebAuthnAbortService.cancelCeremony();
