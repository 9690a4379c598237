// Looks at the dashboard. See scripts/browser.
"use strict";

const fs = require("node:fs");
const { chromium } = require("playwright-core");
const { Shop, PASSWORD } = require("./shop.cjs");
const { deeds } = require("./deeds.cjs");
const { walk } = require("./walk.cjs");

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function main() {
  const [what, folder] = process.argv.slice(2);
  const shop = await Shop.open();
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ARGUMENTS });
  const wrong = [];
  try {
    await shop.furnish();
    if (what === "screenshots") {
      fs.mkdirSync(folder, { recursive: true });
      const walked = await walk(browser, shop, PASSWORD, { screenshots: folder });
      console.log(`${walked.count} pictures in ${folder}`);
      wrong.push(...walked.wrong);
    } else {
      const walked = await walk(browser, shop, PASSWORD);
      console.log(`${walked.count} pages were looked at`);
      wrong.push(...walked.wrong);
      const done = await deeds(browser, shop, PASSWORD);
      console.log(`${done.count} actions were tried by a viewer`);
      wrong.push(...done.wrong);
    }
  } finally {
    await browser.close();
    await shop.close();
  }
  for (const line of new Set(wrong)) console.error(`wrong: ${line}`);
  return wrong.length === 0 ? 0 : 1;
}

main().then((code) => process.exit(code), (error) => {
  console.error(error);
  process.exit(1);
});
