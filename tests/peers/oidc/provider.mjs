// An OpenID provider for tests: oidc-provider with its own login and consent pages, over HTTPS on loopback.
// Arguments: certificate, key, and a JSON object {client_id, client_secret, redirect_uris, backchannel_logout_uri?, port?}.
// Prints one JSON line {issuer}; then obeys one command a line on standard input: the name of a fault for the tokens to come, `good`,
// `rotate` (a new signing key), `logout ACCOUNT` (prints a logout token) and answers each with one JSON line. Ends with its input.
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createInterface } from "node:readline";

import { SignJWT, base64url, decodeJwt, exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const [certificate, key, given] = process.argv.slice(2);
const options = JSON.parse(given);
const accounts = { dana: { email: "dana@clinic.example", email_verified: true }, joe: { email: "joe@clinic.example", email_verified: true }, eve: { email: "dana@clinic.example", email_verified: false } };

async function newKey(kid) {
  const { privateKey, publicKey } = await generateKeyPair("ES256", { extractable: true });
  return { kid, privateKey, private: { ...(await exportJWK(privateKey)), kid, use: "sig", alg: "ES256" }, public: { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "ES256" } };
}

const keys = [await newKey("first")];
let fault = "good";
let jwksAsked = 0;

const server = createServer({ cert: readFileSync(certificate), key: readFileSync(key) });
await new Promise((resolve) => server.listen(options.port ?? 0, "127.0.0.1", resolve));
const issuer = `https://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: options.client_id,
      client_secret: options.client_secret,
      redirect_uris: options.redirect_uris,
      response_types: ["code"],
      grant_types: ["authorization_code"],
      id_token_signed_response_alg: "ES256",
      ...(options.backchannel_logout_uri ? { backchannel_logout_uri: options.backchannel_logout_uri, backchannel_logout_session_required: true } : {}),
    },
  ],
  jwks: { keys: [keys[0].private] },
  enabledJWA: { idTokenSigningAlgValues: ["ES256", "RS256"] },
  cookies: { keys: ["only for tests"] },
  fetch: (url, init) => fetch(url, { ...init, dispatcher: undefined, signal: AbortSignal.timeout(3000) }), // its own dispatcher refuses loopback addresses
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  features: { devInteractions: { enabled: true }, backchannelLogout: { enabled: Boolean(options.backchannel_logout_uri) }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => (accounts[id] ? { accountId: id, claims: () => ({ sub: id, ...accounts[id] }) } : undefined),
});

const sign = (claims, header = {}, signer = keys[keys.length - 1]) => new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: signer.kid, ...header }).sign(signer.privateKey);
const unsigned = (header, claims, signature = "") => [base64url.encode(JSON.stringify(header)), base64url.encode(JSON.stringify(claims)), signature].join(".");
const now = () => Math.floor(Date.now() / 1000);

// What a broken or hostile provider would send instead of the token that oidc-provider made.
const faults = {
  good: (claims, token) => (keys.length > 1 ? sign(claims) : token),
  nonce: (claims) => sign({ ...claims, nonce: "another" }),
  "no-nonce": ({ nonce, ...claims }) => sign(claims),
  audience: (claims) => sign({ ...claims, aud: "somebody-else" }),
  "two-audiences": (claims) => sign({ ...claims, aud: [claims.aud, "somebody-else"] }),
  party: (claims) => sign({ ...claims, azp: "somebody-else" }),
  issuer: (claims) => sign({ ...claims, iss: "https://evil.example" }),
  expired: (claims) => sign({ ...claims, iat: now() - 300, exp: now() - 120 }),
  old: (claims) => sign({ ...claims, iat: now() - 3600 }),
  none: (claims) => unsigned({ alg: "none" }, claims),
  "none-with-kid": (claims) => unsigned({ alg: "None", kid: keys[0].kid }, claims),
  hmac: async (claims) => new SignJWT(claims).setProtectedHeader({ alg: "HS256" }).sign(new TextEncoder().encode(options.client_secret)),
  forged: async (claims) => sign(claims, { kid: keys[0].kid }, await newKey("first")),
  "unknown-kid": async (claims) => sign(claims, {}, await newKey("nobody-knows")),
  "logout-typed": (claims) => sign(claims, { typ: "logout+jwt" }),
  mfa: (claims) => sign({ ...claims, amr: ["pwd", "mfa"] }),
};

provider.use(async (ctx, next) => {
  await next();
  if (ctx.oidc?.route === "token" && ctx.body?.id_token) {
    ctx.body = { ...ctx.body, id_token: await faults[fault](decodeJwt(ctx.body.id_token), ctx.body.id_token) };
  }
  if (ctx.path === "/jwks") {
    jwksAsked += 1;
    ctx.body = { keys: keys.map((one) => one.public) };
  }
});
server.on("request", provider.callback());

const say = (what) => console.log(JSON.stringify(what));
say({ issuer });
for await (const line of createInterface({ input: process.stdin })) {
  const [command, argument] = line.trim().split(" ");
  if (command === "rotate") {
    keys.push(await newKey(`key-${keys.length + 1}`));
    say({ kid: keys[keys.length - 1].kid });
  } else if (command === "jwks") {
    say({ asked: jwksAsked });
  } else if (command === "logout") {
    const claims = { iss: issuer, aud: options.client_id, iat: now(), exp: now() + 120, jti: crypto.randomUUID(), sub: argument, events: { "http://schemas.openid.net/event/backchannel-logout": {} } };
    say({ token: await sign(claims, { typ: "logout+jwt" }) });
  } else if (faults[command]) {
    fault = command;
    say({ fault });
  } else {
    say({ error: "unknown command" });
  }
}
server.closeAllConnections();
server.close();
