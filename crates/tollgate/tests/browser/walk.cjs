// Walks the pages: whatever the navigation leads to, the tabs of a page, and the first of each list.
"use strict";

const fs = require("node:fs");
const path = require("node:path");

// Both themes at both widths; from right to left once at each.
const VIEWS = [
  ["light", 380, "en"],
  ["light", 1440, "en"],
  ["dark", 380, "en"],
  ["dark", 1440, "en"],
  ["light", 1440, "he"],
  ["dark", 380, "he"],
];

// A page that says what goes wrong in it: errors of the console, requests elsewhere, violations of the policy.
async function watched(context, shop, wrong) {
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error") wrong.push(`${page.url()}: console: ${message.text()}`);
  });
  page.on("pageerror", (error) => wrong.push(`${page.url()}: ${error}`));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(shop.url) && !url.startsWith("data:")) wrong.push(`${page.url()} asks ${url}`);
  });
  return page;
}

async function signIn(page, shop, role, password) {
  await page.goto(`${shop.url}/sign-in`);
  await page.fill("input[name=email]", `${role}@example.com`);
  await page.fill("input[name=password]", password);
  await Promise.all([page.waitForURL(`${shop.url}/`), page.click("form.sign-in button[type=submit]")]);
}

// The addresses of all pages: the navigation's, and below each the first thing of its kind.
async function addresses(page, shop) {
  const found = new Set(["/"]);
  const links = (selector) =>
    page.$$eval(selector, (list) => list.map((link) => link.getAttribute("href")));
  const ours = (href) => href && href.startsWith("/") && !href.startsWith("/docs") && !href.startsWith("/v1/")
    && !href.startsWith("/r/");
  await page.goto(`${shop.url}/`);
  const nouns = (await links("nav.main a")).filter(ours);
  for (const noun of nouns) {
    found.add(noun);
    const answer = await page.goto(shop.url + noun);
    if (answer.status() !== 200) continue;
    const seen = new Set();
    for (const href of (await links("main a")).filter(ours)) {
      // One page of each form is enough: /orders/{id}, /settings/users.
      const form = href.split("?")[0].replace(/\/[^/]*[0-9%_][^/]*/g, "/{}");
      if (!seen.has(form) && !seen.has(href)) {
        seen.add(form);
        found.add(href);
      }
    }
  }
  return [...found];
}

// Serious faults that axe-core finds.
async function faults(page, axe) {
  await page.evaluate(axe);
  const result = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return result.violations
    .filter((fault) => fault.impact === "serious" || fault.impact === "critical")
    .map((fault) => `${fault.id}: ${fault.nodes.map((node) => node.html.slice(0, 160)).slice(0, 3).join(" | ")}`);
}

async function walk(browser, shop, password, options = {}) {
  const axe = fs.readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
  const wrong = [];
  let count = 0;
  for (const [theme, width, locale] of VIEWS) {
    const context = await browser.newContext({
      colorScheme: theme,
      viewport: { width, height: 900 },
      locale,
      bypassCSP: false,
    });
    const page = await watched(context, shop, wrong);
    await signIn(page, shop, "admin", password);
    for (const address of await addresses(page, shop)) {
      const answer = await page.goto(shop.url + address);
      const where = `${address} (${theme}, ${width}, ${locale})`;
      count += 1;
      if (answer.status() !== 200) wrong.push(`${where}: status ${answer.status()}`);
      if ((await page.title()) === "owned") wrong.push(`${where}: a stranger's script has run`);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (overflow > 1) wrong.push(`${where}: ${overflow} px wider than the window`);
      if (options.screenshots) {
        const name = `${address.replaceAll(/[^a-zA-Z0-9]+/g, "-")}-${theme}-${width}-${locale}.png`;
        await page.screenshot({ path: path.join(options.screenshots, name), fullPage: true });
      } else {
        for (const fault of await faults(page, axe)) wrong.push(`${where}: ${fault}`);
      }
    }
    await context.close();
  }
  return { wrong, count };
}

module.exports = { walk, watched, signIn, addresses };
