// What people do: an order turns paid before their eyes, an event is replayed, an effect is tried again, money goes
// back; and what a viewer may not do.
"use strict";

const { watched, signIn, addresses } = require("./walk.cjs");

function check(condition, what) {
  if (!condition) throw new Error(what);
}

// Opens what folds a form and sends it, filled in.
async function send(page, action, fields = {}) {
  const form = page.locator(`form[action="${action}"]`).first();
  const folded = page.locator("details.action", { has: form });
  if ((await folded.count()) > 0) await folded.first().locator("summary").first().click();
  for (const [name, value] of Object.entries(fields)) await form.locator(`[name="${name}"]`).fill(value);
  await Promise.all([page.waitForNavigation(), form.locator("button[type=submit]").click()]);
}

// An order turns paid while its page and the list are open, without a reload.
async function paidLive(page, shop) {
  const order = await shop.order("LIVE-1");
  await page.goto(`${shop.url}/orders`);
  await page.waitForSelector('#live[data-state="live"]');
  await page.evaluate(() => (globalThis.isTheSame = true));
  await shop.webhook("LIVE-1-REF", 150000, "settlement");
  await page.waitForFunction(
    () => [...document.querySelectorAll("tr")].some((row) => row.textContent.includes("LIVE-1")
      && row.querySelector(".badge.good")),
  );
  check(await page.evaluate(() => globalThis.isTheSame === true), "the page was loaded anew");
  await page.waitForSelector("#toasts a");
  return order;
}

async function refund(page, shop, order) {
  const payment = (await shop.api("GET", `/v1/orders/${order.id}`)).payments[0];
  await page.goto(`${shop.url}/orders/${order.id}`);
  await send(page, `/orders/${order.id}/payments/${payment.id}/refund`, { amount: "50000", reason: "a torn seam" });
  check((await page.locator(".said").count()) === 1, "a refund is not said to have been ordered");
  const refunds = await shop.api("GET", `/v1/refunds?payment=${payment.id}`);
  check(refunds.data.length === 1, `${refunds.data.length} refunds were ordered`);
  check(refunds.data[0].amount === 5000000, `${refunds.data[0].amount} is to go back`);
}

async function replay(page, shop) {
  const event = (await shop.api("GET", "/v1/events?state=parked")).data[0];
  await page.goto(`${shop.url}/events/${event.id}`);
  await send(page, `/events/${event.id}/replay`);
  check((await page.locator(".said").count()) === 1, "a replay is not said to have been done");
}

async function retry(page, shop) {
  const dead = async () => (await shop.api("GET", "/v1/effects?kind=notify&state=dead")).data[0];
  let effect = await dead();
  for (let tries = 0; effect === undefined && tries < 200; tries += 1) {
    await page.waitForTimeout(100);
    effect = await dead();
  }
  check(effect !== undefined, "no effect died at an endpoint that is gone");
  await page.goto(`${shop.url}/effects/${effect.id}`);
  await send(page, `/effects/${effect.id}/retry`);
  check((await page.locator(".said").count()) === 1, "a retry is not said to have been ordered");
}

// A calendar is made, has its slots, and is changed and given up.
async function calendar(page, shop) {
  await page.goto(`${shop.url}/slots`);
  await send(page, "/slots", { name: "courier", capacity: "5", mon: "10:00-22:00", sun: "10:00-12:00, 14:00-18:00",
    closed: "2031-12-25" });
  check(page.url().endsWith("/slots/courier"), `it went to ${page.url()}`);
  const made = await shop.api("GET", "/v1/calendars/courier");
  check(made.weekly.length === 3 && made.closed[0] === "2031-12-25", JSON.stringify(made));
  await send(page, "/slots/courier/rule", { capacity: "7" });
  const changed = await shop.api("GET", "/v1/calendars/courier");
  check(changed.capacity === 7 && changed.weekly.length === 3, JSON.stringify(changed));
  await send(page, "/slots/courier/remove");
  check((await page.locator(".said").count()) === 1, "a calendar is not said to be given up");
}

// Every form that an admin is shown, sent by a viewer as it is: refused, and nothing is done.
async function viewerDoesNothing(browser, shop, password) {
  const forms = new Map();
  const admin = await browser.newContext();
  const page = await watched(admin, shop, []);
  await signIn(page, shop, "admin", password);
  for (const address of await addresses(page, shop)) {
    await page.goto(shop.url + address);
    const found = await page.$$eval("main form[method=post]", (list) =>
      list.map((form) => ({
        action: form.getAttribute("action"),
        // What is left to be filled in has something in it, so that the form says what it would do.
        fields: [...new FormData(form)]
          .filter(([name]) => name !== "csrf" && name !== "once")
          .map(([name, value]) => [name, value === "" ? "1" : value]),
      })));
    for (const form of found) forms.set(form.action, { ...form, address });
  }
  await admin.close();
  check(10 < forms.size, `only ${forms.size} actions were found`);

  const context = await browser.newContext();
  const viewer = await watched(context, shop, []);
  await signIn(viewer, shop, "viewer", password);
  await viewer.goto(`${shop.url}/`);
  const csrf = await viewer.locator("input[name=csrf]").first().inputValue();
  const before = JSON.stringify(await shop.api("GET", "/v1/audit?limit=1"));
  const wrong = [];
  for (const { action, fields, address } of forms.values()) {
    // What is a viewer's own: the password, the sessions. And a list that is only compared with what there is.
    if (action.startsWith("/settings/sessions")) continue;
    if (action.startsWith("/settings/password") || action === "/sign-out" || action === "/language") continue;
    if (action === "/stock-paste") continue;
    const status = await viewer.evaluate(async ({ action, fields, csrf }) => {
      const body = new URLSearchParams([...fields, ["csrf", csrf], ["once", crypto.randomUUID()]]);
      const answer = await fetch(action, { method: "POST", body, redirect: "manual" });
      // By its role, and not because the form was no good.
      const why = (await answer.text()).includes("scope_missing") ? "scope_missing" : "";
      return `${answer.status} ${why}`;
    }, { action, fields, csrf });
    if (status !== "403 scope_missing") wrong.push(`a viewer's POST ${action} (of ${address}) was answered ${status}`);
  }
  const after = JSON.stringify(await shop.api("GET", "/v1/audit?limit=1"));
  if (before !== after) wrong.push(`a viewer has changed something: ${after}`);
  await context.close();
  return { wrong, count: forms.size };
}

async function deeds(browser, shop, password) {
  const wrong = [];
  const context = await browser.newContext({ locale: "en" });
  const page = await watched(context, shop, wrong);
  await signIn(page, shop, "operator", password);
  const order = await paidLive(page, shop);
  await refund(page, shop, order);
  await replay(page, shop);
  await retry(page, shop);
  await calendar(page, shop);
  await context.close();
  const viewed = await viewerDoesNothing(browser, shop, password);
  return { wrong: [...wrong, ...viewed.wrong], count: viewed.count };
}

module.exports = { deeds };
