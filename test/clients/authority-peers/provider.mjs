// A certified provider as our peer: npm oidc-provider signs people in for the authority, and is an issuer that the authority trusts.
//   node provider.mjs URL PORT < settings.json     URL: the authority; PORT: where the provider is to listen; settings: clientSecret, workloadSecret
// Each check prints its name; the first that fails ends the run with 1.
import assert from "node:assert/strict";
import * as jose from "jose";
import Provider from "oidc-provider";
import * as oidc from "openid-client";
import { chromium } from "playwright-core";

const base = process.argv[2];
const port = Number(process.argv[3]);
let text = "";
for await (const chunk of process.stdin) text += chunk;
const settings = JSON.parse(text);
const insecure = { execute: [oidc.allowInsecureRequests] };
// For what never comes: a machine that does much else makes a page wait.
const patience = 120_000;
const done = (name) => console.log(`ok ${name}`);
const issuer = `http://127.0.0.1:${port}`;

const keys = [];
for (const alg of ["RS256", "ES256"]) {
  const { privateKey } = await jose.generateKeyPair(alg, { extractable: true });
  keys.push({ ...(await jose.exportJWK(privateKey)), alg, use: "sig", kid: alg.toLowerCase() });
}
const provider = new Provider(issuer, {
  clients: [
    {
      client_id: "portcullis", client_secret: settings.clientSecret, redirect_uris: [`${base}/login/external/company/callback`],
      grant_types: ["authorization_code"], response_types: ["code"], id_token_signed_response_alg: "ES256",
    },
    { client_id: "workload-74", client_secret: settings.workloadSecret, redirect_uris: [], response_types: [], grant_types: ["client_credentials"] },
    { client_id: "workload-75", client_secret: settings.workloadSecret, redirect_uris: [], response_types: [], grant_types: ["client_credentials"] },
  ],
  claims: { openid: ["sub"], profile: ["preferred_username", "name"], email: ["email", "email_verified"], groups: ["groups"] },
  conformIdTokenClaims: false,
  cookies: { keys: ["a key that signs cookies of this test"] },
  features: {
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: () => ({ scope: "", audience: base, accessTokenTTL: 300, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }),
    },
  },
  findAccount: (_, sub) => ({
    accountId: sub,
    claims: () => ({ sub, preferred_username: sub.split(":")[1] ?? sub, name: "Carol Company", email: "carol@example.com", email_verified: true, groups: ["staff", "boss"] }),
  }),
  jwks: { keys },
  pkce: { required: () => true },
  ttl: { Interaction: 600, Session: 600, Grant: 600, IdToken: 600 },
});
const server = await new Promise((resolve) => { const listening = provider.listen(port, "127.0.0.1", () => resolve(listening)); });
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"], timeout: patience });
try {
  const signIn = async (login) => {
    const context = await browser.newContext();
    context.setDefaultTimeout(patience);
    const page = await context.newPage();
    await page.goto(`${base}/login`);
    await page.getByRole("button", { name: "Sign in with The company" }).click();
    await page.locator("input[name=login]").fill(login);
    await page.locator("input[name=password]").fill("any");
    await page.getByRole("button", { name: "Sign-in" }).click();
    await page.getByRole("button", { name: "Continue" }).click();
    await page.waitForURL(`${base}/**`);
    await page.waitForLoadState();
    return page;
  };
  const page = await signIn("17:carol");
  await page.waitForURL("**/account");
  assert.ok((await page.textContent("h1")).includes("Carol Company"));
  done("a person signs in with the company's provider");

  // Another person of the company who calls herself as somebody here is called gets nobody's account.
  const other = await signIn("18:alice");
  assert.ok((await other.textContent("body")).includes("there is no account for you here"));
  done("an account that is here already is not taken over");

  const workload = await oidc.discovery(new URL(issuer), "workload-74", undefined, oidc.ClientSecretBasic(settings.workloadSecret), insecure);
  const theirs = (await oidc.clientCredentialsGrant(workload, { resource: base })).access_token;
  const claims = jose.decodeJwt(theirs);
  assert.equal(claims.iss, issuer);
  const ours = await oidc.discovery(new URL(base), "token-exchange", undefined, oidc.None(), insecure);
  const exchange = (token) => oidc.genericGrantRequest(ours, "urn:ietf:params:oauth:grant-type:token-exchange", {
    subject_token: token, subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
  });
  const token = (await exchange(theirs)).access_token;
  const { payload } = await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(ours.serverMetadata().jwks_uri), { timeoutDuration: patience }), { issuer: base, audience: base, typ: "at+jwt", algorithms: ["ES256"] });
  assert.equal(payload.sub, `${issuer}|workload-74`);
  assert.equal(payload.scope, "git:acme/app:pull");
  console.log(`token ${theirs}`);
  done("a token of the provider becomes one of ours");

  const stranger = await oidc.discovery(new URL(issuer), "workload-75", undefined, oidc.ClientSecretBasic(settings.workloadSecret), insecure);
  const strange = (await oidc.clientCredentialsGrant(stranger, { resource: base })).access_token;
  await assert.rejects(exchange(strange), (error) => error.error === "invalid_grant");
  await assert.rejects(exchange(theirs.slice(0, -4) + "AAAA"), (error) => error.error === "invalid_grant");
  done("a token of another workload, and a forged one, become nothing");
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
