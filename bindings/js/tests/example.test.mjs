// examples/browser as a person uses it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { root } from "./all.mjs";
import { serve, startBrowser } from "./serve.mjs";

let server;
let browser;

before(async () => {
  server = await serve(root);
  browser = await startBrowser();
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

async function open(width, locale) {
  const context = await browser.newContext({ locale, viewport: { width, height: 844 } });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (error) => page.problems.push(String(error)));
  page.on("console", (message) => message.type() === "error" && page.problems.push(message.text()));
  await page.goto(`${server.address}/examples/browser/index.html`);
  await page.locator("#rows tr").first().waitFor();
  return page;
}

const names = (page) => page.locator("#rows th").evaluateAll((all) => all.map((th) => th.firstChild.textContent));

async function settled(page, name) {
  if (process.env.CRM_SCREENSHOTS) await page.screenshot({ path: `${process.env.CRM_SCREENSHOTS}/${name}.png`, fullPage: true });
  const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.equal(wider, 0, "the page is wider than the window");
  assert.deepEqual(page.problems, []);
}

for (const [width, locale] of [
  [1280, "zh-CN"],
  [390, "zh-CN"],
  [1280, "en-GB"],
  [390, "en-GB"],
]) {
  test(`a customer is created and found at ${width} pixels in ${locale}`, async () => {
    const page = await open(width, locale);
    assert.equal((await names(page)).length, 3);
    await settled(page, `first-${width}-${locale}`);
    if (width < 900) await page.locator("#quick summary").click();
    await page.locator("#name").fill("北京星辰");
    await page.locator("#contact").fill("李雷");
    await page.locator("#level").selectOption({ index: 1 });
    await page.locator("#create .primary").click();
    await page.locator("#notice.done").waitFor();
    assert.deepEqual((await names(page))[0], "北京星辰");
    assert.equal(await page.locator("#count").textContent(), "4");
    await settled(page, `list-${width}-${locale}`);
    await page.locator("#text").fill("星辰");
    assert.deepEqual(await names(page), ["北京星辰"]);
    await page.locator("#text").fill("nothing like it");
    assert.equal(await page.locator("#none").isVisible(), true);
    await page.locator("#create .primary").click();
    assert.notEqual(await page.locator("#name-note").textContent(), "");
    assert.equal(await page.locator("#name").getAttribute("aria-invalid"), "true");
    await settled(page, `refused-${width}-${locale}`);
    await page.locator("#language").click();
    assert.equal(await page.evaluate(() => document.documentElement.lang), locale === "en-GB" ? "zh-CN" : "en");
    await page.context().close();
  });
}

test("twenty at a time, then more", async () => {
  const page = await open(1280, "zh-CN");
  for (let i = 0; i < 20; i++) {
    await page.locator("#name").fill(`客户 ${i}`);
    await page.locator("#name").press("Enter");
  }
  assert.equal((await names(page)).length, 20);
  await page.locator("#more").click();
  assert.equal(new Set(await names(page)).size, 23);
  assert.equal(await page.locator("#more").isVisible(), false);
  await page.context().close();
});
