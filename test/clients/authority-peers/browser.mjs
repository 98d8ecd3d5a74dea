// Chromium for tests in another language: one JSON command a line on standard input, one JSON answer a line on standard output.
//   {"do":"open","width":1280,"height":800,"script":true,"dark":false}  a window of its own, with cookies of its own
//   {"do":"goto","value":URL} | {"do":"fill","label":"Password","value":"…"} | {"do":"click","role":"button","name":"Allow"} | {"do":"press","value":"Tab"} | {"do":"type","value":"…"}
//   {"do":"wait","value":"**/account*"} | {"do":"text"} | {"do":"url"} | {"do":"focused"} | {"do":"attribute","selector":"a","name":"href"} | {"do":"authenticator"} | {"do":"shot","value":"file.png"}
// After each step that may lead to another page, the page is looked over: axe-core's rules, nothing wider than the window. What the console, the Content-Security-Policy or the network
// complain of is kept, and {"do":"problems"} gives it.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const axe = readFileSync(new URL("node_modules/axe-core/axe.min.js", import.meta.url), "utf8");
const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox"], timeout: 120_000 });
const problems = new Set();
// For what never comes: a machine that does much else makes a page wait.
const patience = { timeout: 120_000 };
let context, page, base, scripted;

// A page that says no is answered with 400 and the like: that is no mistake of the page's. Anything that it loads is.
const isOwnStatus = (message) => message.text().startsWith("Failed to load resource: the server responded with a status of 4") && /^\/(login|account|device|oauth)/.test(new URL(message.location().url).pathname);

const open = async ({ width = 1280, height = 800, script = true, dark = false }) => {
  scripted = script;
  context = await browser.newContext({ viewport: { width, height }, javaScriptEnabled: script, colorScheme: dark ? "dark" : "light" });
  page = await context.newPage();
  page.setDefaultTimeout(patience.timeout);
  // What the page of a program that was let in complains of is that program's.
  const isOurs = () => base && page.url().startsWith(base);
  page.on("console", (message) => {
    if (message.location().url.startsWith(base) && ["error", "warning"].includes(message.type()) && !isOwnStatus(message)) problems.add(`console: ${message.text()} (${message.location().url})`);
  });
  page.on("pageerror", (error) => problems.add(`script: ${error.message}`));
  page.on("requestfailed", (request) => { if (isOurs() && request.failure()?.errorText !== "net::ERR_ABORTED") problems.add(`network: ${request.url()} ${request.failure()?.errorText}`); });
  page.on("request", (request) => { if (isOurs() && request.resourceType() !== "document" && !request.url().startsWith(base)) problems.add(`not from here: ${request.url()}`); });
};

const lookOver = async () => {
  await page.waitForLoadState("load");
  // A page that leads on by itself is one moment's; its successor is the one to look at.
  while (await page.locator("meta[http-equiv=refresh]").count().catch(() => 1)) await page.waitForTimeout(10);
  await page.waitForLoadState("load");
  if (!page.url().startsWith(base)) return;
  const at = `${new URL(page.url()).pathname} at ${page.viewportSize().width}`;
  if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) problems.add(`wider than the window: ${at}`);
  if (!scripted) return;
  // Where the page says what is to have the focus, a browser gives it with the first picture that it paints, which may be after all is loaded.
  const waitsForFocus = () => document.activeElement === document.body && document.querySelector("[autofocus]") !== null;
  for (let looks = 0; looks < 500 && (await page.evaluate(waitsForFocus)); looks++) await page.waitForTimeout(20);
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  for (const violation of violations) problems.add(`axe ${violation.id}: ${violation.help}: ${violation.nodes.map((node) => node.html).join(" | ").slice(0, 300)} (${at})`);
};

const steps = {
  open,
  goto: async ({ value }) => { base ??= new URL(value).origin; await page.goto(value); await lookOver(); },
  fill: async ({ label, value }) => { await page.getByLabel(label).fill(value); },
  click: async ({ role, name }) => { await page.getByRole(role, { name }).first().click(); },
  press: async ({ value }) => { await page.keyboard.press(value); },
  type: async ({ value }) => { await page.keyboard.type(value); },
  wait: async ({ value }) => { await page.waitForURL(value, patience); await lookOver(); },
  waitText: async ({ value }) => { await page.getByText(value).first().waitFor(); await lookOver(); },
  text: async () => (await page.locator("main").innerText()).replace(/\s+/g, " "),
  url: async () => page.url(),
  focused: async () => page.evaluate(() => {
    const e = document.activeElement;
    return e === document.body ? "" : (e.getAttribute("aria-label") ?? e.labels?.[0]?.innerText ?? e.innerText).trim();
  }),
  attribute: async ({ selector, name }) => page.locator(selector).first().getAttribute(name),
  all: async ({ selector }) => page.locator(selector).allInnerTexts(),
  visible: async ({ role, name }) => page.getByRole(role, { name }).first().isVisible(),
  authenticator: async () => {
    const devtools = await context.newCDPSession(page);
    await devtools.send("WebAuthn.enable");
    await devtools.send("WebAuthn.addVirtualAuthenticator", {
      options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
    });
  },
  shot: async ({ value }) => { await page.screenshot({ path: value, fullPage: true }); },
  problems: async () => [...problems],
};

try {
  for await (const line of createInterface({ input: process.stdin })) {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = { value: (await steps[command.do](command)) ?? null };
    } catch (error) {
      answer = { error: `${command.do}: ${error.message}\nat ${page?.url()}\n${await page?.locator("body").innerText().catch(() => "")}` };
    }
    console.log(JSON.stringify(answer));
  }
} finally {
  await browser.close();
}
