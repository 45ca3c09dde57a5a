// The check for duplicates on the forms of customers and contacts, as who types them meets it; and groups of duplicates, as who looks through them.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startBrowser, startHost, watch } from "./host.mjs";

let host;
let browser;
const seller = "wujiayi"; // may not open what zhouzihang has
const colleague = "zhouzihang";
const administrator = "hanxue";
const problems = [];
const contexts = [];

async function signedIn(person, { width = 1280, height = 900, ...more } = {}) {
  const context = await browser.newContext({ baseURL: host.address, locale: "zh-CN", viewport: { width, height }, ...more });
  context.setDefaultTimeout(15_000);
  contexts.push(context);
  const page = await context.newPage();
  watch(page, problems);
  await page.goto("/sign-in");
  await page.locator(`form[action="/sign-in"] button[name="user"][value="${person}"]`).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

const name = (page) => page.locator('main form [name="name"]');
const region = (page) => page.locator("#duplicates");
const hits = (page) => page.locator("#duplicates li");
const send = (page) => page.locator("main form.sheet .actions button").first().click();

async function created(page, fields) {
  await page.goto("/customers/new");
  await page.locator("main details").evaluateAll((all) => all.forEach((part) => (part.open = true)));
  for (const [field, value] of Object.entries(fields)) await page.locator(`main form [name="${field}"]`).fill(value);
  await send(page);
  await page.waitForURL(/\/customers\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname;
}

/** What is wrong with a page at first sight: it sticks out, something has no name, an id stands twice. */
const flaws = (page) =>
  page.evaluate(() => {
    const wrong = [];
    if (document.documentElement.scrollWidth > innerWidth) wrong.push("too wide");
    for (const field of document.querySelectorAll("main input:not([type=hidden]), main select, main textarea")) {
      if (!field.labels?.length && !field.ariaLabel) wrong.push(field.outerHTML.slice(0, 90));
    }
    for (const one of document.querySelectorAll("main button, main a[href]")) if (!one.textContent.trim()) wrong.push(one.outerHTML);
    const ids = [...document.querySelectorAll("[id]")].map((one) => one.id);
    for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`twice: #${id}`);
    return wrong;
  });

/** What the form has asked so far. */
function asked(page) {
  const questions = [];
  page.on("request", (request) => {
    if (new URL(request.url()).pathname === "/customers/duplicates") questions.push(new URLSearchParams(request.postData()));
  });
  return questions;
}

before(async () => {
  host = await startHost();
  browser = await startBrowser();
  const page = await signedIn(colleague);
  await created(page, { name: "杭州鲲鹏软件有限公司", phones: "0571-8812 3456" });
  const own = await signedIn(seller);
  await created(own, { name: "宁波鲲鹏软件有限公司" });
  await created(own, { name: "<b>粗体</b>软件" });
  for (const context of contexts.splice(0)) await context.close();
});

after(async () => {
  await browser?.close();
  await host?.stop();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  assert.deepEqual(problems.splice(0), [], "no page complained");
});

describe("while typing", () => {
  test("customers of similar names are told; only those that one may open are links", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers/new");
    const questions = asked(page);
    await name(page).pressSequentially("鲲鹏软件", { delay: 40 });
    await hits(page).nth(1).waitFor();
    assert.ok(questions.length <= 2, `asked when the typing rests, not with each letter: ${questions.length}`);
    const [mine, hidden] = [hits(page).filter({ hasText: "宁波鲲鹏" }), hits(page).filter({ hasText: "杭州鲲鹏" })];
    assert.equal(await mine.locator('a[href^="/customers/"][target="_blank"]').count(), 1);
    assert.match(await hidden.innerText(), /无权查看/);
    assert.match(await hidden.innerText(), /所属销售 周子航/);
    assert.equal(await hidden.locator("a").count(), 0);
    assert.equal(await region(page).getAttribute("aria-live"), "polite");
    for (const chip of await hits(page).locator(".chip").allInnerTexts()) assert.match(chip, /^(基本确定|很可能|可能)重复$/);
    // Opened in another tab, the form keeps what was typed.
    const other = page.context().waitForEvent("page");
    await mine.locator("a").click();
    await (await other).waitForURL(/\/customers\/[0-9a-f-]{36}$/);
    assert.equal(await name(page).inputValue(), "鲲鹏软件");
    await name(page).fill("鲲");
    await hits(page).first().waitFor({ state: "detached" });
    await name(page).fill("<b>粗体</b>软件");
    await hits(page).first().waitFor();
    assert.ok((await hits(page).first().innerText()).includes("<b>粗体</b>软件"));
    assert.equal(await region(page).locator("b").count(), 0);
  });

  test("another field is asked for, too; one letter of a name is not", async () => {
    const page = await signedIn(colleague);
    await page.clock.install();
    await page.goto("/customers/new");
    const questions = asked(page);
    await name(page).fill("鲲");
    await page.clock.runFor(1_000);
    assert.equal(questions.length, 0);
    await page.locator('main form [name="phones"]').fill("057188123456");
    await hits(page).filter({ hasText: "电话相同" }).waitFor();
    assert.equal(questions.length, 1);
    // A description says nothing of whom it is.
    await page.locator("main details").evaluateAll((all) => all.forEach((part) => (part.open = true)));
    await page.locator('main form [name="description"]').fill("鲲鹏");
    await page.clock.runFor(1_000);
    assert.equal(questions.length, 1);
  });

  test("syllables that are still being chosen are not asked for", async () => {
    const page = await signedIn(colleague);
    await page.clock.install();
    await page.goto("/customers/new");
    const questions = asked(page);
    await name(page).focus();
    const keyboard = await page.context().newCDPSession(page);
    await keyboard.send("Input.imeSetComposition", { text: "kun peng ruan jian", selectionStart: 18, selectionEnd: 18 });
    await page.clock.runFor(1_000);
    assert.equal(questions.length, 0);
    await keyboard.send("Input.insertText", { text: "鲲鹏软件" });
    await hits(page).first().waitFor();
    assert.deepEqual(questions.map((question) => question.get("name")), ["鲲鹏软件"]);
  });

  test("an answer that comes late is dropped, and the same list is left alone", async () => {
    const page = await signedIn(seller);
    let held;
    await page.route("**/customers/duplicates", async (route) => {
      if (held === undefined) await new Promise((resolve) => (held = resolve));
      await route.continue().catch(() => {});
    });
    await page.goto("/customers/new");
    await name(page).fill("粗体软件");
    await page.waitForRequest("**/customers/duplicates");
    const dropped = page.waitForEvent("requestfailed");
    await name(page).fill("鲲鹏软件");
    await hits(page).nth(1).waitFor();
    const first = await hits(page).first().elementHandle();
    held();
    assert.equal(new URLSearchParams((await dropped).postData()).get("name"), "粗体软件");
    assert.ok((await hits(page).allInnerTexts()).every((text) => text.includes("鲲鹏")));
    const again = page.waitForResponse("**/customers/duplicates");
    await name(page).fill("鲲鹏软件 ");
    await name(page).fill("鲲鹏 软件");
    await (await again).finished();
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    assert.ok(await first.evaluate((item) => item.isConnected), "nothing flickers where nothing has changed");
  });

  test("by the keyboard: the next stop is the first link, then the next field", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers/new");
    await name(page).focus();
    await page.keyboard.type("宁波鲲鹏软件");
    await hits(page).first().waitFor();
    await page.keyboard.press("Tab");
    const at = () => page.evaluate(() => document.activeElement.getAttribute("href") ?? document.activeElement.name);
    assert.match(await at(), /^\/customers\//);
    const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(ring, "none");
    while ((await at()).startsWith("/customers/")) await page.keyboard.press("Tab");
    assert.equal(await at(), "kind");
    // The button answers in the list, where the reader is led.
    await page.locator('main form button[name="check"]').focus();
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement.id === "duplicates");
    assert.equal(new URL(page.url()).pathname, "/customers/new");
  });

  test("without an answer the form works on", async () => {
    const page = await signedIn(seller);
    await page.route("**/customers/duplicates", (route) => route.abort("aborted"));
    await page.goto("/customers/new");
    const unreached = "金乌餐饮管理";
    const failed = page.waitForEvent("requestfailed");
    await name(page).fill(unreached);
    await failed;
    assert.equal(await region(page).innerText(), "");
    await page.locator('main form button[name="check"]').click();
    await region(page).getByText("暂时无法查重").waitFor();
    assert.equal(await name(page).inputValue(), unreached);
    await send(page);
    await page.waitForURL(/\/customers\/[0-9a-f-]{36}$/);
  });
});

describe("without a script", () => {
  test("the button checks, and every field is kept", async () => {
    const page = await signedIn(seller, { javaScriptEnabled: false });
    await page.goto("/customers/new");
    await name(page).fill("鲲鹏软件");
    await page.locator('main form [name="region"]').fill("浙江");
    await page.locator('main form button[name="check"]').click();
    await hits(page).nth(1).waitFor();
    assert.equal(new URL(page.url()).hash, "#duplicates");
    assert.equal(await page.locator('main form [name="region"]').inputValue(), "浙江");
    assert.equal(await name(page).inputValue(), "鲲鹏软件");
  });
});

describe("at saving", () => {
  test("who is warned gives a reason, and the history tells it", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers/new");
    await name(page).fill("宁波鲲鹏软件股份有限公司");
    await page.locator('main form [name="region"]').fill("浙江");
    await send(page);
    const reason = page.locator('main form [name="duplicate_reason"]');
    await reason.waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.name), "duplicate_reason");
    assert.ok((await hits(page).count()) >= 1);
    assert.equal(await page.locator('main form [name="region"]').inputValue(), "浙江");
    await reason.fill("集团的另一家法人");
    await send(page);
    await page.waitForURL(/\/customers\/[0-9a-f-]{36}$/);
    await page.goto(`${new URL(page.url()).pathname}/history`);
    const text = await page.locator("main").innerText();
    assert.ok(text.includes("不是重复的理由") && text.includes("集团的另一家法人"), text);
  });

  test("nothing sticks out at 390 pixels, everything has a name, and no id stands twice", async () => {
    for (const locale of ["zh-CN", "en-GB"]) {
      const page = await signedIn(seller, { width: 390, locale });
      await page.goto("/customers/new");
      await name(page).fill("宁波鲲鹏软件集团有限公司");
      await send(page);
      await page.locator('main form [name="duplicate_reason"]').waitFor();
      assert.ok((await hits(page).count()) >= 2);
      assert.deepEqual(await flaws(page), [], locale);
      if (locale === "en-GB") {
        const texts = await region(page).locator(".chip, .help, .hush").allInnerTexts();
        const names = /周子航|吴佳怡/g;
        assert.deepEqual(texts.filter((text) => /[\u4e00-\u9fff]/.test(text.replace(names, ""))), []);
      }
    }
  });

  test("who keeps the settings sees who was told of what", async () => {
    const page = await signedIn(administrator);
    await page.goto("/settings");
    await page.locator('a[href="/settings/duplicate-lookups"]').click();
    await page.waitForURL(/duplicate-lookups$/);
    const rows = page.locator("main tbody tr").filter({ hasText: "鲲鹏软件" });
    assert.match(await rows.first().innerText(), /吴佳怡/);
    const other = await signedIn(seller);
    assert.equal((await other.goto("/settings/duplicate-lookups")).status(), 403);
  });
});

describe("contacts", () => {
  const phone = "138 0013 8000";
  let customer;

  /** Makes somebody whom others are like. */
  async function known(page) {
    customer ??= await created(page, { name: "金乌餐饮连锁", contacts_name: "王小明", contacts_phones: phone });
    return `${customer}/contacts/new`;
  }

  test("are told while one types, by what is typed of them, and lead to their customer", async () => {
    const page = await signedIn(seller);
    await page.goto(await known(page));
    await name(page).pressSequentially("王小", { delay: 40 });
    await page.locator('main form [name="phones"]').fill(phone);
    const hit = hits(page).filter({ hasText: "电话相同" });
    await hit.waitFor();
    assert.match(await hit.innerText(), /王小明 · 金乌餐饮连锁/);
    assert.match(await hit.locator(".chip").innerText(), /^(基本确定|很可能|可能)重复$/);
    assert.equal(await region(page).getAttribute("aria-live"), "polite");
    const other = page.context().waitForEvent("page");
    await hit.locator("a").click();
    await (await other).waitForURL((url) => url.pathname === customer && url.hash === "#contacts");
    // The box of the leap month says something only once it is ticked.
    const asked = page.waitForRequest("**/contacts/duplicates");
    await name(page).fill("王小明");
    const question = new URLSearchParams((await asked).postData());
    assert.deepEqual([question.get("birthday_leap"), question.get("birthday_calendar")], ["", "solar"]);
    await name(page).fill("");
    await page.locator('main form [name="phones"]').fill("");
    await hits(page).first().waitFor({ state: "detached" });
    // Who is edited is no duplicate of himself.
    await page.goto(customer);
    await page.locator('a[href^="/contacts/"][href$="/edit"]').first().click();
    await page.locator('main form button[name="check"]').click();
    await region(page).getByText("没有发现相似的联系人").waitFor();
    assert.equal(await page.evaluate(() => document.activeElement.id), "duplicates");
  });

  test("the contact of a new customer is asked for, too, and the button leads to whom the customer is like", async () => {
    const page = await signedIn(seller);
    await known(page);
    await page.goto("/customers/new");
    const contact = page.locator("#contact-duplicates");
    await page.locator('main form [name="contacts_name"]').fill("王小明");
    await page.locator('main form [name="contacts_phones"]').fill(phone);
    await contact.locator("li").first().waitFor();
    assert.equal(await hits(page).count(), 0, "a name of the contact is none of the customer's");
    await name(page).fill("宁波鲲鹏软件");
    await page.locator('main form button[name="check"]').click();
    await hits(page).first().waitFor();
    await page.waitForFunction(() => document.activeElement.id === "duplicates");
    await page.locator('main form [name="contacts_name"]').fill("");
    await contact.locator("li").first().waitFor({ state: "detached" });
    await page.locator('main form button[name="check"]').click();
    assert.equal(await contact.innerText(), "", "a new customer needs no contact");
  });

  test("without a script the button checks; who is warned gives a reason, and nothing sticks out", async () => {
    const admin = await signedIn(administrator);
    const settings = await (await admin.request.post("/api/settings", { data: {} })).json();
    settings.duplicates.warn_contact_from = 850;
    assert.equal((await admin.request.post("/api/change_settings", { data: { settings } })).status(), 200);
    for (const [width, locale] of [[390, "en-GB"], [1280, "zh-CN"]]) {
      const page = await signedIn(seller, { width, locale, javaScriptEnabled: width === 1280 });
      await page.goto(await known(page));
      await name(page).fill("王小明");
      await page.locator('main form [name="phones"]').fill(phone);
      await page.locator('main form [name="wechat"]').fill("wxm");
      await page.locator('main form button[name="check"]').click();
      await hits(page).first().waitFor();
      await send(page);
      const reason = page.locator('main form [name="duplicate_reason"]');
      await reason.waitFor();
      assert.ok((await hits(page).count()) >= 1);
      assert.equal(await page.locator('main form [name="wechat"]').inputValue(), "wxm");
      assert.deepEqual(await flaws(page), [], locale);
      await reason.fill("父子同名");
      await send(page);
      await page.waitForURL((url) => url.pathname === customer);
    }
    const page = await signedIn(seller);
    await page.goto(`${customer}/history`);
    const text = await page.locator("main").innerText();
    assert.ok(text.includes("不是重复的理由") && text.includes("父子同名"), text);
  });
});

describe("groups", () => {
  const groups = (page) => page.locator("article");

  test("how far a search has come is followed, and at its end the page shows what it found", async () => {
    const page = await signedIn(administrator);
    const progress = (percent) => `<p><progress max="100" value="${percent}" aria-label="x"></progress> <strong>${percent}%</strong></p>`;
    const answers = [progress(42), progress(67), ""];
    // No search of so few customers goes on for long enough to be seen: the page is given one.
    await page.route("**/duplicates/groups", async (route) => {
      const answer = await route.fetch();
      const body = (await answer.text()).replace('<dl class="clock">', `<div data-poll="/duplicates/search">${progress(7)}</div>$&`);
      await route.fulfill({ response: answer, body: answers.length > 0 ? body : await answer.text() });
    });
    await page.route("**/duplicates/search", (route) => route.fulfill({ contentType: "text/html; charset=utf-8", body: answers.shift() }));
    await page.clock.install();
    await page.goto("/duplicates/groups");
    const button = await page.locator('button[name="deed"]').first().elementHandle();
    for (const percent of [7, 42, 67]) {
      await page.locator(".searching strong").getByText(`${percent}%`).waitFor();
      assert.ok(await button.evaluate((one) => one.isConnected), "the button stays where it is");
      await page.clock.runFor(1_100);
    }
    await page.locator("progress").waitFor({ state: "detached" });
    assert.ok((await groups(page).count()) > 1);
  });

  test("are merged by who is chosen, or said to be none", async () => {
    const page = await signedIn(administrator, { javaScriptEnabled: false });
    await page.goto("/duplicates/groups");
    await page.locator('button[value="begin"]').click();
    await page.locator(".notice.done").waitFor();
    const first = groups(page).first();
    const names = await first.locator('a[href^="/customers/"]').allInnerTexts();
    await first.locator('input[name="survivor"]').nth(1).check();
    await first.locator('button[value="merge"]').click();
    await page.waitForURL(/\/customers\/[0-9a-f-]{36}\/merge\?source=/);
    assert.ok((await page.locator("main li").filter({ hasText: names[1] }).first().innerText()).includes("保留"));
    await page.goto("/duplicates/groups");
    await groups(page).first().locator('button[value="dismiss"]').click();
    await page.locator(".notice.done").getByText("1 对").waitFor();
    const there = () => groups(page).first().locator('a[href^="/customers/"]').allInnerTexts();
    assert.notDeepEqual(await there(), names);
    // Taken back at once, the group is there again.
    await page.locator(".notice.done button").getByText("撤销").click();
    await page.locator(".notice.done").getByText("已撤销").waitFor();
    assert.deepEqual(await there(), names);
    assert.equal(await page.locator(".notice.done button").count(), 0);
  });

  test("nothing sticks out, whatever names are like", async () => {
    const own = await signedIn(seller);
    const long = `长${"W".repeat(150)}`;
    for (const form of ["有限公司", "股份有限公司", "集团"]) {
      const customer = { name: `${long}${form}` };
      const answer = await own.request.post("/api/create_customer", { data: { customer: { ...customer, duplicate_reason: "x" } } });
      assert.equal(answer.status(), 200, await answer.text());
    }
    for (const [width, locale] of [[390, "zh-CN"], [1280, "en-GB"]]) {
      const page = await signedIn(administrator, { width, locale });
      await page.goto("/duplicates/groups");
      await page.locator('button[value="begin"]').click();
      await groups(page).filter({ hasText: long }).first().waitFor();
      assert.deepEqual(await flaws(page), [], `${width}`);
    }
  });
});
