// Looks at every kind of page with axe, wide and narrow, light and dark, in English and Korean.
//   node accessibility.mjs http://127.0.0.1:8080 [EMPTY-SITE]
// REVIEW_TOKEN=TOKEN signs in to the pages of reviewers. SCREENSHOTS=DIR keeps a picture of each.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [base, empty] = process.argv.slice(2);
if (!base) {
  console.error("usage: node accessibility.mjs BASE-URL [BASE-URL-OF-AN-EMPTY-SITE]");
  process.exit(2);
}
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const LOOKS = [
  ["desk-light", { viewport: { width: 1280, height: 900 }, colorScheme: "light" }],
  ["desk-dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" }],
  ["phone-light-ko", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "light", locale: "ko-KR" }],
  ["phone-dark", { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, colorScheme: "dark" }],
];

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});

// What signing in leaves behind.
const token = process.env.REVIEW_TOKEN;
const session = token ? [{ name: "review_token", value: token, domain: new URL(base).hostname, path: "/review", httpOnly: true, sameSite: "Strict" }] : [];

// Every kind of page, by name.
async function addresses() {
  const context = await browser.newContext({ baseURL: base });
  await context.addCookies(session);
  const page = await context.newPage();
  const first = async (address, selector) => {
    await page.goto(address);
    return page.locator(selector).first().getAttribute("href");
  };
  const found = {
    start: "/",
    results: "/?q=agent+error",
    nothing: "/?q=zqxjkvw+qqzzyyxx",
    answer: await first("/", "a.open[rel~=nofollow]"),
    reviewed: await first("/browse/list/reviewed", "a.open"),
    topics: "/browse",
    group: await first("/browse", ".groups a"),
    questions: "/reports/questions",
    briefing: "/reports/briefing",
    "review-sign-in": "/review/sign-in",
    "unknown-error": "/e/0000000000000000",
    error: "/no-such-page",
  };
  if (token) Object.assign(found, { review: "/review", "review-one": await first("/review", ".case h2 a") });
  await context.close();
  const pages = Object.entries(found).map(([name, address]) => [name, new URL(address, base).href]);
  return empty ? [...pages, ["empty", empty]] : pages;
}

let violations = 0;
let looked = 0;

function count(look, name, report) {
  looked += 1;
  for (const { id, help, nodes } of report.violations) {
    violations += nodes.length;
    console.log(`FAIL ${look} ${name}: ${id}, ${help}\n     ${nodes.slice(0, 3).map((node) => node.html).join("\n     ")}`);
  }
}

// The search over a page, with suggestions.
async function lookAtOverlay(page, look) {
  await page.locator(".again input").click();
  await page.locator("#overlay-q").fill("agent");
  await page.locator("#overlay-list [role=option]").first().waitFor();
  count(look, "overlay", await page.evaluate(() => axe.run({ resultTypes: ["violations"] })));
  if (process.env.SCREENSHOTS) await page.screenshot({ path: `${process.env.SCREENSHOTS}/overlay-${look}.png` });
  await page.keyboard.press("Escape");
}

const pages = await addresses();
for (const [look, options] of LOOKS) {
  const context = await browser.newContext({ bypassCSP: true, ...options });
  await context.addInitScript(axe);
  await context.addCookies(session);
  const page = await context.newPage();
  for (const [name, address] of pages) {
    await page.goto(address);
    await page.evaluate(() => document.querySelectorAll("details").forEach((details) => (details.open = true)));
    count(look, name, await page.evaluate(() => axe.run({ resultTypes: ["violations"] })));
    if (name === "topics") await lookAtOverlay(page, look);
    const wider = await page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
    if (wider) {
      violations += 1;
      console.log(`FAIL ${look} ${name}: the page scrolls sideways`);
    }
    if (process.env.SCREENSHOTS) {
      await page.screenshot({ path: `${process.env.SCREENSHOTS}/${name}-${look}.png`, fullPage: process.env.FULL === "1" });
    }
  }
  await context.close();
}
await browser.close();
console.log(`axe: ${looked} pages, ${violations} violations`);
process.exit(violations > 0 ? 1 : 0);
