// Real peers against a running authority: openid-client (a certified relying party), jose, and Chromium with a virtual authenticator.
//   node peers.mjs URL < settings.json     settings: user, password, clientId, secret, keyClientId, privateJwk
// Each check prints its name; the first that fails ends the run with 1.
import assert from "node:assert/strict";
import * as oidc from "openid-client";
import * as jose from "jose";
import { chromium } from "playwright-core";

const base = process.argv[2];
let text = "";
for await (const chunk of process.stdin) text += chunk;
const settings = JSON.parse(text);
const insecure = { execute: [oidc.allowInsecureRequests] };
// For what never comes: a machine that does much else makes a page wait.
const patience = 120_000;
const done = (name) => console.log(`ok ${name}`);
const keys = jose.createRemoteJWKSet(new URL(`${base}/.well-known/jwks.json`), { timeoutDuration: patience });
const verify = (token) => jose.jwtVerify(token, keys, { issuer: base, audience: base, typ: "at+jwt", algorithms: ["ES256"] });

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"], timeout: patience });
try {
  const context = await browser.newContext();
  context.setDefaultTimeout(patience);
  const page = await context.newPage();
  const refused = [];
  page.on("console", (message) => { if (message.type() === "error" && message.text().includes("Content Security Policy")) refused.push(message.text()); });

  // The pages sign a person in, and Chromium's enforcement of form-action lets the flow reach the client.
  const client = await oidc.discovery(new URL(base), "git-credential-portcullis", undefined, oidc.None(), insecure);
  const verifier = oidc.randomPKCECodeVerifier();
  const state = oidc.randomState();
  const nonce = oidc.randomNonce();
  const redirect = "http://127.0.0.1:49321/";
  const address = oidc.buildAuthorizationUrl(client, {
    redirect_uri: redirect, scope: "openid profile git:acme/app:pull,push", state, nonce,
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
  });
  let callback;
  await page.route(`${redirect}**`, (route) => { callback = route.request().url(); return route.fulfill({ body: "done" }); });
  await page.goto(address.href);
  await page.getByLabel("User name").fill(settings.user);
  await page.getByLabel("Password").fill(settings.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL(`${redirect}**`);
  assert.ok(callback);
  const tokens = await oidc.authorizationCodeGrant(client, new URL(callback), { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce, idTokenExpected: true });
  assert.equal(tokens.claims().sub, settings.user);
  assert.equal((await verify(tokens.access_token)).payload.sub, settings.user);
  done("authorization code with PKCE, in Chromium, verified by openid-client and jose");

  const user = await oidc.fetchUserInfo(client, tokens.access_token, settings.user);
  assert.equal(user.preferred_username, settings.user);
  done("userinfo");

  const refreshed = await oidc.refreshTokenGrant(client, tokens.refresh_token);
  assert.notEqual(refreshed.refresh_token, tokens.refresh_token);
  await verify(refreshed.access_token);
  done("refresh with rotation");

  const child = await oidc.genericGrantRequest(client, "urn:ietf:params:oauth:grant-type:token-exchange", {
    subject_token: refreshed.access_token, subject_token_type: "urn:ietf:params:oauth:token-type:access_token", scope: "git:acme/app@refs/heads/agent/*:push",
  });
  const act = (await verify(child.access_token)).payload.act;
  assert.equal(act.sub, "git-credential-portcullis");
  done("token exchange");

  await oidc.tokenRevocation(client, refreshed.refresh_token);
  await assert.rejects(oidc.refreshTokenGrant(client, refreshed.refresh_token), (error) => error.error === "invalid_grant");
  done("revocation");

  // Device flow: openid-client polls while the browser agrees.
  const device = await oidc.initiateDeviceAuthorization(client, { scope: "git:acme/app:pull" });
  const polled = oidc.pollDeviceAuthorizationGrant(client, device);
  await page.goto(device.verification_uri_complete);
  assert.ok((await page.textContent("body")).includes(device.user_code));
  await page.getByRole("button", { name: "Allow" }).click();
  await page.waitForURL("**/login/device-done");
  await verify((await polled).access_token);
  done("device authorization");

  const service = await oidc.discovery(new URL(base), settings.clientId, undefined, oidc.ClientSecretBasic(settings.secret), insecure);
  await verify((await oidc.clientCredentialsGrant(service)).access_token);
  const posting = await oidc.discovery(new URL(base), settings.clientId, undefined, oidc.ClientSecretPost(settings.secret), insecure);
  const granted = await oidc.clientCredentialsGrant(posting);
  assert.equal((await oidc.tokenIntrospection(posting, granted.access_token)).active, true);
  done("client credentials with a secret, introspection");

  const privateKey = await jose.importJWK(settings.privateJwk, "ES256");
  const keyed = await oidc.discovery(new URL(base), settings.keyClientId, undefined, oidc.PrivateKeyJwt({ key: privateKey, kid: settings.privateJwk.kid }), insecure);
  await verify((await oidc.clientCredentialsGrant(keyed)).access_token);
  done("client credentials with private_key_jwt");

  // A passkey is added and used, with Chromium's virtual authenticator.
  const devtools = await context.newCDPSession(page);
  await devtools.send("WebAuthn.enable");
  await devtools.send("WebAuthn.addVirtualAuthenticator", {
    options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await page.goto(`${base}/account`);
  await page.getByRole("button", { name: "Add a passkey" }).click();
  await page.waitForURL("**/account?done=passkey");
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Signed out" }).waitFor();
  await page.goto(`${base}/login`);
  await page.getByRole("button", { name: "Use a passkey" }).click();
  await page.waitForURL("**/account");
  done("passkey added and used");

  // On a phone, in the dark, by keyboard.
  const phone = await browser.newContext({ viewport: { width: 320, height: 640 }, colorScheme: "dark", javaScriptEnabled: false });
  phone.setDefaultTimeout(patience);
  const small = await phone.newPage();
  await small.goto(`${base}/login`);
  assert.equal(await small.evaluate("document.documentElement.scrollWidth <= 320"), true);
  await small.getByLabel("User name").fill(settings.user);
  await small.keyboard.press("Tab");
  await small.keyboard.type(settings.password);
  await small.keyboard.press("Enter");
  await small.waitForURL("**/account");
  assert.equal(await small.evaluate("document.documentElement.scrollWidth <= 320"), true);
  done("sign-in on a narrow screen, by keyboard, without script");

  assert.deepEqual(refused, []);
  done("nothing that the Content-Security-Policy refuses");
} finally {
  await browser.close();
}
