// Passkeys (WebAuthn), and the secret behind '#' of an enrolment link. Everything else on these pages works without script.
"use strict";

const problem = (text) => {
  const box = document.getElementById("script-problem");
  if (box) { box.textContent = text; box.hidden = false; }
};

const post = async (url, fields) => {
  const body = new URLSearchParams(fields);
  body.set("__RequestVerificationToken", document.querySelector("input[name=__RequestVerificationToken]").value);
  const answer = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(json.message || "That did not work. Try again.");
  return json;
};

const wire = (id, action) => {
  const button = document.getElementById(id);
  if (!button || !window.PublicKeyCredential) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    try { await action(button); } catch (error) { problem(error.name === "NotAllowedError" ? "The passkey was not used." : error.message); }
    button.disabled = false;
  });
};

wire("passkey-sign-in", async (button) => {
  const options = await post("/login/passkey/options", {});
  const credential = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) });
  const answer = await post("/login/passkey", { credential: JSON.stringify(credential), returnUrl: button.dataset.returnUrl });
  location.assign(answer.location);
});

wire("passkey-add", async () => {
  const options = await post("/account/passkey/options", {});
  const credential = await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) });
  const answer = await post("/account/passkey", { credential: JSON.stringify(credential) });
  location.assign(answer.location);
});

const enrolment = document.getElementById("enrolment");
if (enrolment && location.hash.length > 1) {
  enrolment.elements.secret.value = location.hash.slice(1);
  // There is nothing to type then.
  document.getElementById("enrolment-secret").hidden = true;
  // Out of the address bar and the history.
  history.replaceState(null, "", location.pathname);
}
