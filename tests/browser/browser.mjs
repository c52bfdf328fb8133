// Uses the site as a person does.   node browser.mjs http://127.0.0.1:8080
import { chromium } from "playwright-core";

const base = process.argv[2];
if (!base) {
  console.error("usage: node browser.mjs BASE-URL");
  process.exit(2);
}

const DESK = { viewport: { width: 1180, height: 860 } };
const PHONE = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
const failures = [];
let passed = 0;

// Runs one story in a fresh browser window; errors of the page fail it too.
// `expected` are patterns of complaints that belong to the story.
async function test(name, options, story, expected = []) {
  const context = await browser.newContext({ baseURL: base, ...options });
  const complaints = [];
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => console.error("CSP: " + event.violatedDirective));
  });
  context.on("console", (message) => {
    if (message.type() === "error" && !expected.some((one) => one.test(message.text()))) complaints.push(message.text());
  });
  context.on("weberror", (event) => complaints.push(String(event.error())));
  context.on("dialog", (dialog) => {
    complaints.push("a dialog: " + dialog.message());
    dialog.dismiss();
  });
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  try {
    await story(page, context);
    if (complaints.length > 0) throw new Error("the page complained: " + complaints.join("; "));
    passed += 1;
    console.log("ok   " + name);
  } catch (error) {
    failures.push(name);
    console.log("FAIL " + name + "\n     " + String(error.message ?? error).replaceAll("\n", "\n     "));
  } finally {
    await context.close();
  }
}

function expect(holds, what) {
  if (!holds) throw new Error("expected " + what);
}

// Words that find something: those of the most asked question.
async function wordsToSearch(page) {
  await page.goto("/");
  const title = await page.locator("#results a.open").first().innerText();
  const words = title.split(/[^\p{L}\p{N}_]+/u).filter((word) => word.length > 2);
  expect(words.length > 0, "a recurring question with words in its title");
  return words.sort((a, b) => b.length - a.length).slice(0, 2).join(" ");
}

async function firstAnswer(page) {
  await page.goto("/");
  return page.locator("#results a.open").first().getAttribute("href");
}

await test("the empty state shows what is asked again and again", DESK, async (page) => {
  await page.goto("/");
  expect((await page.locator("#results .card").count()) > 0, "recurring questions");
  expect((await page.locator(".figures dd").count()) > 0, "figures");
  expect(await page.locator("#keys").isVisible(), "the keyboard hints");
});

await test("somebody searches and opens an answer by keyboard alone", DESK, async (page) => {
  const words = await wordsToSearch(page);
  await page.locator("body").click({ position: { x: 5, y: 5 } });
  await page.keyboard.press("/");
  expect(await page.locator("#q").evaluate((box) => box === document.activeElement), "`/` to focus the box");
  await page.keyboard.type(words, { delay: 15 });
  await page.locator("#results .card mark").first().waitFor();
  expect(new URL(page.url()).searchParams.get("q") === words, "the words in the address");
  expect((await page.locator("#heard").innerText()) !== "", "the number of results to be announced");

  const focused = () => page.evaluate(() => document.activeElement?.getAttribute("href") ?? document.activeElement?.id);
  const links = await page.locator("#results a.open").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  await page.keyboard.press("ArrowDown");
  expect((await focused()) === links[0], "the first result to be chosen");
  await page.keyboard.press("ArrowUp");
  expect((await focused()) === "q", "arrow up to return to the box");
  await page.keyboard.press("ArrowDown");
  if (links.length > 1) {
    await page.keyboard.press("ArrowDown");
    expect((await focused()) === links[1], "the second result to be chosen");
    await page.keyboard.press("ArrowUp");
  }
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === new URL(links[0], base).pathname);
  expect((await page.locator("h1").innerText()).length > 0, "the question as heading");
  expect((await page.locator(".best .badge").first().innerText()).length > 0, "what the answer rests on");
  const proof = await page.locator(".evidence .proof a").first().getAttribute("href");
  expect(proof.startsWith("https://discord.com/channels/"), "evidence on Discord, not " + proof);

  await page.goBack();
  await page.locator("#results .card mark").first().waitFor();
  expect((await page.locator("#q").inputValue()) === words, "the search to be there after going back");
});

const isFocused = (page, selector) => page.locator(selector).evaluate((one) => one === document.activeElement);

await test("a shortcut opens the search over every page, and Esc closes it", DESK, async (page) => {
  for (const address of ["/", "/?q=port", await firstAnswer(page), "/browse", "/reports/questions", "/no-such-page"]) {
    const response = await page.goto(address);
    await page.locator("h1").first().waitFor();
    if (address !== "/no-such-page") expect(response.ok(), address);
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("Control+k");
    expect(await isFocused(page, "#overlay-q"), `Ctrl K on ${address}`);
    await page.keyboard.press("Escape");
    expect(!(await page.locator("#overlay").isVisible()), `Esc on ${address}`);
    await page.keyboard.press("/");
    expect(await isFocused(page, (await page.locator("#results").count()) > 0 ? "#q" : "#overlay-q"), `/ on ${address}`);
  }
}, [/404/]);

await test("the search over a page opens an answer by keyboard alone", DESK, async (page) => {
  const words = await wordsToSearch(page);
  await page.goto("/browse");
  await page.keyboard.press("Control+k");
  expect(!(await page.locator("#overlay-list").isVisible()), "nothing recent at first");
  await page.keyboard.type(words, { delay: 15 });
  const options = page.locator("#overlay-list [role=option]");
  await page.locator("#overlay-list mark").first().waitFor();
  const chosen = () => page.locator("#overlay-q").evaluate((box) => document.getElementById(box.getAttribute("aria-activedescendant"))?.getAttribute("href"));
  const links = await options.evaluateAll((all) => all.map((one) => one.getAttribute("href")));
  expect((await chosen()) === links[0], "the first suggestion to be chosen");
  await page.keyboard.press("ArrowUp");
  expect((await chosen()) === links.at(-1) && links.at(-1).startsWith("/?q="), "the last one to search for the words");
  await page.keyboard.press("ArrowDown");
  expect((await chosen()) === links[0], "the first one again");
  expect((await page.locator("#overlay-list [aria-selected=true]").count()) === 1, "one choice");
  for (let press = 0; press < 6; press += 1) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement === document.body || document.getElementById("overlay").contains(document.activeElement)), "the focus to stay inside");
  }
  await page.locator("#overlay-q").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === new URL(links[0], base).pathname);

  await page.keyboard.press("/");
  await page.locator("#overlay-list [role=option]").first().waitFor();
  expect((await page.locator("#overlay-list").innerText()).includes(words), "the search to be remembered");
  await page.keyboard.press("ArrowDown");
  expect((await chosen()) === "/?q=" + encodeURIComponent(words), "the remembered search to be chosen");
  await page.locator("#overlay .forget").click();
  expect(!(await page.locator("#overlay-list").isVisible()), "nothing remembered any more");
});

await test("the box of a page becomes the search over it", DESK, async (page) => {
  await page.goto("/browse");
  await page.locator(".again input").click();
  expect(await isFocused(page, "#overlay-q"), "the large box");
  await page.keyboard.type("<b>zqx", { delay: 10 });
  await page.locator("#overlay-list [role=option]").first().waitFor();
  expect((await page.locator("#overlay-list b").count()) === 0, "words to stay words");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("q") === "<b>zqx");
});

await test("every page fits a phone", { ...PHONE, viewport: { width: 390, height: 844 } }, async (page) => {
  await page.goto("/browse");
  const groups = await page.locator(".groups a").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  const words = await wordsToSearch(page);
  const pages = ["/", "/?q=" + encodeURIComponent(words), "/?q=zqxjkvw&status=known", "/browse", ...groups, "/e/0000000000000000", "/no-such-page"];
  for (const address of pages) {
    await page.goto(address);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width <= 390, `${address} to fit 390 pixels, not ${width}`);
  }
  await page.goto("/browse");
  await page.locator(".again input").click();
  await page.locator("#overlay-q").fill(words);
  await page.locator("#overlay-list mark").first().waitFor();
  const sheet = await page.locator("#overlay").boundingBox();
  expect(sheet.x >= 0 && sheet.x + sheet.width <= 390, "the search over the page to fit");
}, [/404/]);

await test("servers and channels are shown by name", DESK, async (page) => {
  await page.goto("/browse");
  const names = await page.locator(".groups a span:first-child").allInnerTexts();
  expect(names.length > 3 && names.every((name) => !/\d{12,}/.test(name)), "names, not ids: " + names.filter((name) => /\d{12,}/.test(name)));
});

await test("the interface follows the browser's language", { ...DESK, locale: "ko-KR" }, async (page) => {
  await page.goto("/");
  expect((await page.locator("html").getAttribute("lang")) === "ko", "Korean");
  expect((await page.locator("h1").innerText()) === "답변 찾기", "a Korean heading");
});

await test("answers are browsed in groups", DESK, async (page) => {
  await page.goto("/browse");
  await page.locator(".groups a").first().click();
  await page.locator(".cards .card").first().waitFor();
  expect((await page.locator(".summary").innerText()).match(/\d/), "the number of answers");
});

await test("escape clears the search", DESK, async (page) => {
  const words = await wordsToSearch(page);
  const welcome = await page.locator("#results").innerText();
  await page.locator("#q").fill(words);
  await page.locator("#results .card mark").first().waitFor();
  await page.keyboard.press("Escape");
  await page.locator("#results .figures").waitFor();
  expect((await page.locator("#q").inputValue()) === "", "an empty box");
  expect((await page.locator("#results").innerText()) === welcome, "the welcome again");
  expect(new URL(page.url()).search === "", "a clean address");
});

await test("a late answer never replaces a newer one", DESK, async (page) => {
  const words = await wordsToSearch(page);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route(/results\?q=zz/, async (route) => {
    await held;
    await route.continue().catch(() => {});
  });
  const asked = page.waitForRequest(/results\?q=zz/);
  await page.locator("#q").fill("zz");
  await asked;
  await page.locator("#q").fill(words);
  await page.locator("#results .card mark").first().waitFor();
  release();
  await page.waitForLoadState("networkidle");
  expect((await page.locator("#results .card mark").count()) > 0, "the newer results to stay");
});

await test("the link to an answer can be copied", { ...DESK, permissions: ["clipboard-read", "clipboard-write"] }, async (page) => {
  const address = await firstAnswer(page);
  await page.goto(address);
  await page.locator("#copy").click();
  await page.getByText("Copied").waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied === new URL(address, base).href, "the permalink, not " + copied);
});

await test("an answer has a Markdown and a JSON form", DESK, async (page, context) => {
  const address = await firstAnswer(page);
  const markdown = await context.request.get(address + ".md");
  expect(markdown.headers()["content-type"].startsWith("text/markdown"), "Markdown");
  const json = await (await context.request.get(address + ".json")).json();
  expect(json.answer.evidence.length > 0 && address.endsWith(json.answer.id), "the answer with evidence");
  const found = await (await context.request.get("/api/v1/search?q=" + json.answer.id)).json();
  expect(Array.isArray(found.answers) && typeof found.meta.total === "number", "the shape of the search API");
});

await test("nothing found still helps, and hostile words stay words", DESK, async (page) => {
  for (const words of ["zqxjkvw qqzzyyxx", "<img src=x onerror=alert(1)>", "\"><script>alert(1)</script>"]) {
    await page.goto("/?q=" + encodeURIComponent(words));
    expect((await page.locator("#q").inputValue()) === words, "the words in the box");
    expect((await page.locator("#results .card, .nothing li").count()) > 0, "something to go on with");
    await page.locator("#q").fill(words + "!");
    await page.waitForURL((url) => url.searchParams.get("q") === words + "!");
    expect((await page.locator("img[src='x']").count()) === 0, "no element made of words");
  }
});

await test("phone width has no horizontal scroll", PHONE, async (page) => {
  const words = await wordsToSearch(page);
  const answers = await page.locator("#results a.open").evaluateAll((all) => all.map((link) => link.getAttribute("href")));
  for (const address of ["/", "/?q=" + encodeURIComponent(words), "/?q=zqxjkvw", ...answers]) {
    await page.goto(address);
    for (const details of await page.locator("details > summary").all()) await details.click();
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    expect(width <= PHONE.viewport.width, `${address} to fit 360 pixels, not ${width}`);
  }
});

await test("everything works without JavaScript", { ...DESK, javaScriptEnabled: false }, async (page) => {
  const words = await wordsToSearch(page);
  await page.locator("#q").fill(words);
  await page.getByRole("button", { name: "Search" }).click();
  await page.locator("#results .card mark").first().waitFor();
  await page.locator("#results a.open").first().click();
  await page.locator("article.answer h1").waitFor();
  expect(!(await page.locator("#copy").isVisible()), "no button that needs a script");
  await page.locator("#evidence > summary").click();
  expect(await page.locator("#evidence .proof a").first().isVisible(), "the evidence");
});

await test("dark is dark and light is light", DESK, async (page) => {
  const paper = async (colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.goto("/");
    const colour = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    return Number(colour.match(/\d+/)[0]);
  };
  expect((await paper("light")) > 200, "light paper");
  expect((await paper("dark")) < 60, "dark paper");
});

await browser.close();
console.log(`${passed} passed, ${failures.length} failed`);
process.exit(failures.length > 0 ? 1 : 0);
