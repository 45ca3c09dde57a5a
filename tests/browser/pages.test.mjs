// The pages of oa-host as people use them. Nothing here knows the demo organisation: who is who is found out.
import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { startBrowser, startHost, watch } from "./host.mjs";

let host;
let browser;
let seller; // owns customers, has nobody below
let superior; // sees the seller's customers
let administrator;
const problems = [];
const contexts = [];
let counter = 0;
const fresh = (word) => `${word}${Date.now().toString(36)}${counter++}`;

async function visit({ width = 1280, height = 800, locale = "zh-CN" } = {}) {
  const context = await browser.newContext({ baseURL: host.address, locale, viewport: { width, height } });
  context.setDefaultTimeout(15_000);
  contexts.push(context);
  const page = await context.newPage();
  watch(page, problems);
  return page;
}

async function signedIn(person, options) {
  const page = await visit(options);
  await page.goto("/sign-in");
  await page.locator(`form[action="/sign-in"] button[name="user"][value="${person}"]`).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
  return page;
}

const rows = (page) => page.locator('main tbody a[href^="/customers/"]');
const hrefs = (links) => links.evaluateAll((all) => all.map((link) => link.getAttribute("href")));

async function openAll(page) {
  await page.locator("main details").evaluateAll((all) => all.forEach((part) => (part.open = true)));
}

const form = (page, action) => page.locator(`main form[action="${action}"]`);
const send = (sheet) => sheet.locator(".actions button").first().click();

/** A customer made through the form; its path. */
async function created(page, fields) {
  await page.goto("/customers/new");
  await openAll(page);
  for (const [name, value] of Object.entries(fields)) {
    await page.locator(`main form [name="${name}"]`).fill(value);
  }
  await send(form(page, "/customers/new"));
  await page.waitForURL(/\/customers\/[0-9a-f-]{36}$/);
  return new URL(page.url()).pathname;
}

before(async () => {
  host = await startHost();
  browser = await startBrowser();
  const door = await visit();
  await door.goto("/sign-in");
  const people = await door
    .locator('form[action="/sign-in"] button[name="user"]')
    .evaluateAll((all) => all.map((button) => button.value));
  assert.ok(people.length > 3, "there are people to choose from");
  const found = [];
  for (const id of people) {
    const page = await signedIn(id);
    await page.goto("/customers?view=mine");
    const mine = await hrefs(rows(page));
    await page.goto("/customers?view=subordinates");
    const below = await hrefs(rows(page));
    const all = (await page.goto("/customers?view=all")).status() === 200 && (await rows(page).count()) > 0;
    found.push({ id, mine, below, all });
    await page.context().close();
  }
  administrator = found.find((person) => person.all)?.id;
  const sellers = found.filter((person) => !person.all && person.mine.length >= 20 && person.below.length === 0);
  for (const candidate of sellers) {
    for (const person of found.filter((other) => !other.all && other.below.length > 0)) {
      const page = await signedIn(person.id);
      const sees = (await page.goto(candidate.mine[0])).status() === 200;
      await page.context().close();
      if (sees && !superior) [seller, superior] = [candidate.id, person.id];
    }
  }
  assert.ok(seller && superior && administrator, `${JSON.stringify(found.map(({ id, mine, below, all }) => [id, mine.length, below.length, all]))}`);
});

after(async () => {
  await browser?.close();
  await host?.stop();
});

afterEach(async () => {
  for (const context of contexts.splice(0)) await context.close();
  assert.deepEqual(problems.splice(0), [], "no page complained");
});

describe("signing in", () => {
  test("who is not signed in is sent to the door and led back", async () => {
    const page = await visit();
    await page.goto("/customers?view=mine");
    await page.locator('a[href^="/sign-in"], form[action="/sign-in"] button').first().waitFor();
  });

  test("signing out ends the session", async () => {
    const page = await signedIn(seller);
    await page.locator('form[action="/sign-out"] button').click();
    await page.waitForLoadState();
    await page.goto("/customers?view=mine");
    assert.equal(await rows(page).count(), 0);
  });

  test("somebody who is not there can't be chosen", async () => {
    const page = await visit();
    await page.goto("/sign-in");
    const token = await page.locator('form[action="/sign-in"] [name="_csrf"]').inputValue();
    const answer = await page.request.post("/sign-in", { form: { _csrf: token, user: "nobody-of-this-name" }, maxRedirects: 0 });
    assert.ok(answer.status() >= 400, `${answer.status()}`);
  });

  test("by the keyboard alone: signing in and creating a customer", async () => {
    const page = await visit();
    const tabTo = async (selector) => {
      for (let presses = 0; presses < 80; presses++) {
        await page.keyboard.press("Tab");
        if (await page.evaluate((wanted) => document.activeElement?.matches(wanted), selector)) {
          const ring = await page.evaluate(() => {
            const style = getComputedStyle(document.activeElement);
            return style.outlineStyle !== "none" || style.boxShadow !== "none";
          });
          assert.ok(ring, `${selector} shows that it has the focus`);
          return;
        }
      }
      assert.fail(`${selector} can't be reached by Tab on ${page.url()}`);
    };
    await page.goto("/sign-in");
    await tabTo(`button[name="user"][value="${seller}"]`);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== "/sign-in");
    await tabTo('a[href="/customers/new"]');
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/customers\/new$/);
    const name = fresh("键盘客户");
    await tabTo('input[name="name"]');
    await page.keyboard.type(name);
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/customers\/[0-9a-f-]{36}$/);
    assert.ok((await page.locator("h1").innerText()).includes(name));
  });

  test("the first stop of Tab skips the menu", async () => {
    const page = await signedIn(seller);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#main");
  });
});

describe("creating", () => {
  test("a customer with a contact, in one form", async () => {
    const page = await signedIn(seller);
    const name = fresh("快速新建");
    const path = await created(page, { name, phones: "0571-8888 0000", contacts_name: "钱小芳", contacts_phones: "13800001111" });
    assert.ok((await page.locator("h1").innerText()).includes(name));
    await page.locator("ul.persons").getByText("钱小芳").waitFor();
    await page.goto("/customers?view=mine&order=newest");
    assert.equal((await hrefs(rows(page)))[0], path, "the newest comes first");
  });

  test("what is wrong is said beside the field, and nothing that was typed is lost", async () => {
    const page = await signedIn(seller);
    const name = fresh("有错客户");
    await page.goto("/customers/new");
    await openAll(page);
    await page.locator('[name="name"]').fill(name);
    await page.locator('[name="credit_code"]').fill("123");
    await page.locator('[name="address"]').fill("文三路 478 号");
    await page.locator('[name="contacts_name"]').fill("孙丽");
    await send(form(page, "/customers/new"));
    const wrong = page.locator('[name="credit_code"]');
    await wrong.and(page.locator("[aria-invalid=true]")).waitFor();
    assert.equal(await wrong.inputValue(), "123");
    const note = await wrong.getAttribute("aria-describedby");
    const said = await page.locator(`[id="${note}"] .error`).innerText();
    assert.ok(said.trim().length > 2, said);
    assert.ok(await wrong.isVisible(), "the part of the form with the mistake is open");
    assert.equal(await page.locator('[name="name"]').inputValue(), name);
    assert.equal(await page.locator('[name="address"]').inputValue(), "文三路 478 号");
    assert.equal(await page.locator('[name="contacts_name"]').inputValue(), "孙丽");
    await wrong.fill("");
    await send(form(page, "/customers/new"));
    await page.waitForURL(/\/customers\/[0-9a-f-]{36}$/);
    await page.locator("ul.persons").getByText("孙丽").waitFor();
  });

  test("the host itself asks for a name, whatever the browser lets pass", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers/new");
    await page.locator('[name="name"]').evaluate((input) => {
      input.required = false;
      input.removeAttribute("maxlength");
    });
    await send(form(page, "/customers/new"));
    await page.locator('[name="name"][aria-invalid=true]').waitFor();
    await page.locator('[name="name"]').evaluate((input) => input.removeAttribute("maxlength"));
    await page.locator('[name="name"]').fill("长".repeat(201));
    await send(form(page, "/customers/new"));
    await page.locator('[name="name"][aria-invalid=true]').waitFor();
    assert.equal((await page.locator('[name="name"]').inputValue()).length, 201);
  });

  test("a second company of one name is refused, in words", async () => {
    const page = await signedIn(seller);
    const name = fresh("同名公司");
    await created(page, { name });
    await page.goto("/customers/new");
    await page.locator('[name="name"]').fill(name);
    await send(form(page, "/customers/new"));
    await page.locator('main form [role="alert"], main form .error').first().waitFor();
    assert.equal(new URL(page.url()).pathname, "/customers/new");
    assert.equal(await page.locator('[name="name"]').inputValue(), name);
  });

  test("a form that is sent twice happens once", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers/new");
    const value = (name) => page.locator(`form[action="/customers/new"] [name="${name}"]`).inputValue();
    const sent = { _csrf: await value("_csrf"), _key: await value("_key"), name: fresh("两次提交"), kind: "company" };
    const one = await page.request.post("/customers/new", { form: sent, maxRedirects: 0 });
    const two = await page.request.post("/customers/new", { form: sent, maxRedirects: 0 });
    assert.ok([302, 303].includes(one.status()), `${one.status()}`);
    assert.equal(two.headers().location, one.headers().location);
  });
});

describe("lists", () => {
  test("every entry of the menu opens and is marked as the present one", async () => {
    for (const person of [seller, superior, administrator]) {
      const page = await signedIn(person);
      const links = await hrefs(page.locator("nav.menu a"));
      assert.ok(links.length > 5, `${links}`);
      for (const link of links) {
        const answer = await page.goto(link);
        assert.equal(answer.status(), 200, `${person}: ${link}`);
        assert.ok((await page.locator("h1").count()) === 1, `${link} has one heading`);
        const marked = await hrefs(page.locator('nav.menu a[aria-current="page"]'));
        assert.deepEqual(marked, [link], `${person} is told where he is`);
      }
    }
  });

  test("views of customers, by their names", async () => {
    const page = await signedIn(superior);
    for (const view of ["mine", "today", "shared", "not_followed", "subordinates", "recent", "recycle_bin"]) {
      const answer = await page.goto(`/customers?view=${view}`);
      assert.equal(answer.status(), 200, view);
    }
    const refused = await page.goto("/customers?view=all");
    assert.equal(refused.status(), 403);
  });

  test("pages follow each other without repeats and lead back", async () => {
    const page = await signedIn(administrator);
    await page.goto("/customers?view=all");
    const first = await hrefs(rows(page));
    await page.locator('nav.pages a[rel="next"]').click();
    await page.waitForURL((url) => url.search.length > "?view=all".length);
    const second = await hrefs(rows(page));
    assert.ok(second.length > 0);
    assert.equal(new Set([...first, ...second]).size, first.length + second.length);
    await page.locator('nav.pages a:not([rel="next"])').first().click();
    await page.waitForLoadState();
    assert.deepEqual(await hrefs(rows(page)), first);
  });

  test("a filter by text narrows, says when nothing fits, and can be taken away", async () => {
    const page = await signedIn(seller);
    const name = fresh("筛选目标");
    const path = await created(page, { name });
    await page.goto("/customers?view=mine");
    await page.locator("#text").fill(name);
    await page.locator("form.filter button").click();
    await page.waitForURL(/text=/);
    assert.deepEqual(await hrefs(rows(page)), [path]);
    assert.equal(await page.locator("#text").inputValue(), name);
    await page.locator("#text").fill("没有这样的客户名称");
    await page.locator("form.filter button").click();
    await page.locator("main .empty").waitFor();
    await page.locator('form.filter a[href^="/customers?view=mine"]').click();
    await page.waitForLoadState();
    assert.ok((await rows(page).count()) > 1);
  });

  test("a filter by a value of a dictionary shows that value alone", async () => {
    const page = await signedIn(administrator);
    await page.goto("/customers?view=all");
    const levels = await page.locator('#by-level option[value]:not([value=""])').evaluateAll((all) => all.map((one) => [one.value, one.textContent]));
    assert.ok(levels.length > 1);
    for (const [value, label] of levels.slice(0, 3)) {
      await page.goto(`/customers?view=all&level=${value}`);
      const shown = await page.locator("main tbody tr td:nth-of-type(1)").allInnerTexts();
      const cells = (await page.locator("main tbody td.pick").count()) > 0 ? await page.locator("main tbody tr td:nth-of-type(2)").allInnerTexts() : shown;
      for (const cell of cells) assert.equal(cell.trim(), label.trim());
    }
  });

  test("every order can be chosen and orders", async () => {
    const page = await signedIn(administrator);
    await page.goto("/customers?view=all");
    const orders = await page.locator('#by-order option:not([value=""])').evaluateAll((all) => all.map((one) => one.value));
    assert.ok(orders.length >= 5, `${orders}`);
    const firsts = new Map();
    for (const order of orders) {
      await page.goto(`/customers?view=all&order=${order}`);
      assert.equal(await page.locator("#by-order").inputValue(), order);
      const shown = await hrefs(rows(page));
      assert.ok(shown.length > 0, order);
      firsts.set(order, shown[0]);
    }
    assert.notEqual(firsts.get("newest"), firsts.get("oldest"));
    const unknown = await page.goto("/customers?view=all&order=zz");
    assert.equal(unknown.status(), 422);
    await page.locator(".problem").waitFor();
  });

  test("a marker that is nobody's gives a page in words, not a failure", async () => {
    const page = await signedIn(seller);
    const answer = await page.goto("/customers?view=mine&after=nonsense&cursor=nonsense&order=nonsense");
    assert.ok(answer.status() < 500);
    await page.locator("h1").waitFor();
  });

  test("many at once: planning the next follow-up of ticked customers", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers?view=mine");
    const boxes = page.locator('main tbody input[name="id"]');
    assert.ok((await boxes.count()) >= 2);
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await page.locator('button[name="action"][value="plan"]').click();
    await page.locator('[name="next_at"]').fill("2035-03-02T10:30");
    await send(form(page, "/customers/batch/run"));
    await page.locator("main table tbody tr").nth(1).waitFor();
    assert.equal(await page.locator("main .late").count(), 0, "none was refused");
  });
});

describe("a customer", () => {
  test("has its panels", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers?view=mine");
    await rows(page).first().click();
    for (const panel of ["follow-ups", "details", "contacts", "relations"]) {
      await page.locator(`h2#${panel}`).waitFor();
    }
    await page.goto("/customers?view=recent");
    assert.ok((await rows(page).count()) > 0, "what was opened stands among the recently viewed");
  });

  test("is followed up; the superior replies; the seller reads it", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("跟单客户") });
    const content = fresh("电话沟通了报价 ");
    const sheet = form(page, `${path}/follow-ups/new`);
    await sheet.locator('[name="content"]').fill(content);
    await sheet.locator('[name="next_at"]').fill("2035-01-02T09:00");
    await send(sheet);
    await page.getByText(content).waitFor();
    await page.getByText("2035-01-02").first().waitFor();

    const boss = await signedIn(superior);
    await boss.goto(path);
    await boss.locator('article a[href^="/follow-ups/"]').first().click();
    const reply = fresh("很好，继续 ");
    await boss.locator('main form[action$="/reply"] [name="content"]').fill(reply);
    await send(boss.locator('main form[action$="/reply"]'));
    await boss.locator("ol.replies").getByText(reply).waitFor();

    await page.goto(path);
    await page.locator("ol.replies").getByText(reply).waitFor();
    await page.goto("/follow-ups");
    await page.getByText(content).waitFor();
    await boss.goto("/follow-ups?of=subordinates");
    await boss.getByText(content).waitFor();
  });

  test("an empty follow-up is refused beside its field", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("空跟单") });
    const sheet = form(page, `${path}/follow-ups/new`);
    await sheet.locator('[name="content"]').evaluate((area) => (area.required = false));
    await sheet.locator('[name="next_content"]').fill("下周再谈");
    await send(sheet);
    await page.locator('[name="content"][aria-invalid=true]').waitFor();
    assert.equal(await page.locator('[name="next_content"]').inputValue(), "下周再谈");
  });

  test("gets contacts; one is made the primary one; one is removed", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("联系人客户"), contacts_name: "第一人" });
    await page.goto(`${path}/contacts/new`);
    await page.locator('[name="name"]').fill("第二人");
    await page.locator('[name="title"]').fill("技术总监");
    await send(form(page, `${path}/contacts/new`));
    await page.waitForURL((url) => url.pathname === path);
    const person = (name) => page.locator("ul.persons > li").filter({ hasText: name });
    await person("第二人").locator('form[action$="/primary"] button').click();
    await page.waitForURL((url) => url.pathname === path);
    assert.equal(await person("第二人").locator(".chip.main").count(), 1);
    assert.equal(await person("第一人").locator(".chip.main").count(), 0);
    await person("第一人").locator('a[href$="/edit"]').click();
    await page.locator('[name="email"]').fill("first@example.com");
    await send(page.locator('main form[action^="/contacts/"]'));
    await page.waitForURL((url) => url.pathname === path);
    await page.getByText("first@example.com").waitFor();
    await person("第一人").locator('a[href$="/remove"]').click();
    await send(page.locator('main form[action$="/remove"]'));
    await page.waitForURL((url) => url.pathname === path);
    assert.equal(await person("第一人").count(), 0);
    await page.goto("/contacts");
    assert.equal(await page.locator("h1").count(), 1);
  });

  test("is related to another, seen from both, and taken back", async () => {
    const page = await signedIn(seller);
    const [one, other] = [fresh("母公司"), fresh("子公司")];
    const [from, to] = [await created(page, { name: one }), await created(page, { name: other })];
    await page.goto(`${from}/relations/new`);
    await page.locator("#search").fill(other);
    await page.locator("form.filter button").click();
    const sheet = form(page, `${from}/relations/new`).filter({ has: page.locator('[name="kind"]') });
    await sheet.locator('[name="customer"]').selectOption(to.split("/").pop());
    await sheet.locator('[name="kind"]').selectOption({ index: 1 });
    await send(sheet);
    await page.waitForURL((url) => url.pathname === from);
    await page.locator(`ul.lines a[href="${to}"]`).waitFor();
    await page.goto(to);
    const line = page.locator("ul.lines li").filter({ has: page.locator(`a[href="${from}"]`) });
    await line.locator("form button").click();
    await page.waitForLoadState();
    await page.goto(to);
    assert.equal(await page.locator(`ul.lines a[href="${from}"]`).count(), 0);
  });

  test("is edited, and its history says from what to what", async () => {
    const page = await signedIn(seller);
    const [was, becomes] = [fresh("旧名称"), fresh("新名称")];
    const path = await created(page, { name: was });
    await page.goto(`${path}/edit`);
    await page.locator('[name="name"]').fill(becomes);
    await send(form(page, `${path}/edit`));
    await page.waitForURL((url) => url.pathname === path);
    assert.ok((await page.locator("h1").innerText()).includes(becomes));
    await page.goto(`${path}/history`);
    const text = await page.locator("main").innerText();
    assert.ok(text.includes(was) && text.includes(becomes), text);
  });

  test("an edit on what somebody changed meanwhile shows both", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("两人同改") });
    await page.goto(`${path}/edit`);
    const other = await signedIn(superior);
    await other.goto(`${path}/edit`);
    await openAll(other);
    await other.locator('[name="short_name"]').fill("领导改的");
    await send(form(other, `${path}/edit`));
    await other.waitForURL((url) => url.pathname === path);
    await openAll(page);
    await page.locator('[name="short_name"]').fill("销售改的");
    await send(form(page, `${path}/edit`));
    await page.getByText("领导改的").first().waitFor();
    assert.equal(await page.locator('[name="short_name"]').inputValue(), "销售改的");
    await send(form(page, `${path}/edit`));
    await page.waitForURL((url) => url.pathname === path);
    await page.getByText("销售改的").first().waitFor();
  });

  test("is transferred by the superior, and its former owner no longer finds it", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("转移客户") });
    const boss = await signedIn(superior);
    await boss.goto(`${path}/transfer`);
    const choices = await boss.locator('[name="to"] option:not([value=""])').evaluateAll((all) => all.map((one) => one.value));
    const heir = choices.find((id) => id !== seller && id !== superior) ?? superior;
    await boss.locator('[name="to"]').selectOption(heir);
    await boss.locator('[name="reason"]').fill("区域调整");
    await send(form(boss, `${path}/transfer`));
    await boss.waitForURL((url) => !url.pathname.endsWith("/transfer"));
    assert.equal((await page.goto(path)).status(), 404);
    const owner = await signedIn(heir);
    assert.equal((await owner.goto(path)).status(), 200);
    await owner.goto(`${path}/history`);
    await owner.getByText("区域调整").first().waitFor().catch(() => {});
  });

  test("goes into the recycle bin and comes back", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("回收客户") });
    await page.goto(`${path}/delete`);
    await send(form(page, `${path}/delete`));
    await page.waitForURL(/view=recycle_bin/);
    assert.ok((await hrefs(rows(page))).includes(path));
    await page.goto("/customers?view=mine");
    assert.ok(!(await hrefs(rows(page))).includes(path));
    await page.goto(path);
    await form(page, `${path}/restore`).locator("button").click();
    await page.waitForLoadState();
    await page.goto("/customers?view=mine");
    assert.ok((await hrefs(rows(page))).includes(path));
  });

  test("is shared, and the share ends", async () => {
    const page = await signedIn(seller);
    const path = await created(page, { name: fresh("共享客户") });
    await page.goto(`${path}/shares/new`);
    const choices = await page.locator('[name="person"] option:not([value=""])').evaluateAll((all) => all.map((one) => one.value));
    const friend = choices.find((id) => ![seller, superior, administrator].includes(id));
    await page.locator('[name="person"]').selectOption(friend);
    await page.locator('[name="panel_contacts"]').selectOption("none");
    await page.locator('[name="panel_follow_ups"]').selectOption("edit");
    await send(form(page, `${path}/shares/new`));
    await page.waitForURL((url) => url.pathname === path);
    const other = await signedIn(friend);
    await other.goto(path);
    assert.deepEqual(await other.locator("#contacts, #follow-ups, #relations, #write").evaluateAll((all) => all.map((one) => one.id)), ["write", "follow-ups", "relations"]);
    await other.goto("/customers?view=shared");
    assert.ok((await hrefs(rows(other))).includes(path));
    await page.locator('form[action^="/shares/"] button').first().click();
    await page.waitForLoadState();
    await other.goto("/customers?view=shared");
    assert.ok(!(await hrefs(rows(other))).includes(path));
  });

  test("of somebody else is not found, like one that is not there", async () => {
    const page = await signedIn(seller);
    const mine = await created(page, { name: fresh("外人看不见") });
    const boss = await signedIn(administrator);
    await boss.goto(`${mine}/access`);
    assert.equal(await boss.locator("h1").count(), 1);
    assert.equal((await page.goto("/customers/0192f000-0000-7000-8000-000000000000")).status(), 404);
    assert.equal((await page.goto("/customers/not-an-id")).status(), 404);
    assert.equal((await page.goto("/nowhere")).status(), 404);
    await page.locator('main a[href="/"]').waitFor();
  });
});

describe("administration", () => {
  test("the tree of positions with its holders; a new one is previewed and saved", async () => {
    const page = await signedIn(administrator);
    await page.goto("/positions");
    assert.ok((await page.locator("ul.tree > li").count()) > 2);
    const name = fresh("新岗位");
    await page.locator('main a[href^="/positions/edit"]').first().click();
    await page.locator('[name="id"]:not([type=hidden])').fill(fresh("p-"));
    await page.locator('[name="name"]').fill(name);
    await page.locator('[name="parent"]').selectOption({ index: 1 });
    await send(form(page, "/positions/edit"));
    await page.locator('form [name="step"][value="save"]').waitFor({ state: "attached" });
    await send(form(page, "/positions/edit"));
    await page.waitForURL((url) => url.pathname === "/positions");
    await page.getByText(name).first().waitFor();
  });

  test("a value of a dictionary is added and can be chosen at once", async () => {
    const page = await signedIn(administrator);
    await page.goto("/dictionaries");
    const links = await hrefs(page.locator('main a[href^="/dictionaries/edit?dictionary="]'));
    const add = links.find((link) => link.includes("=level") && !link.includes("code="));
    assert.ok(add, `${links.slice(0, 5)}`);
    await page.goto(add);
    const label = fresh("特级");
    await page.locator('[name="code"]:not([type=hidden])').fill(fresh("x"));
    await page.locator('[name="label"]').fill(label);
    const order = page.locator('[name="order"]');
    if ((await order.inputValue()) === "") await order.fill("99");
    await send(form(page, "/dictionaries/edit"));
    await page.waitForURL((url) => url.pathname === "/dictionaries");
    await page.getByText(label).first().waitFor();
    const other = await signedIn(seller);
    await other.goto("/customers/new");
    await other.locator('[name="level"]').selectOption({ label });
  });

  test("who is no administrator neither sees nor reaches it", async () => {
    const page = await signedIn(seller);
    const links = await hrefs(page.locator("nav.menu a"));
    for (const path of ["/settings", "/roles"]) {
      assert.ok(!links.includes(path), `${path} is not offered`);
      assert.equal((await page.goto(path)).status(), 403, path);
    }
    for (const path of ["/positions", "/dictionaries"]) {
      await page.goto(path);
      assert.deepEqual(await hrefs(page.locator(`main a[href^="${path}/edit"]`)), [], `${path} can be read, not changed`);
    }
    await page.goto("/customers/new");
    const token = await page.locator('form[action="/customers/new"] [name="_csrf"]').inputValue();
    const name = fresh("越权岗位");
    const sent = { _csrf: token, step: "save", id: fresh("p-"), name };
    assert.equal((await page.request.post("/positions/edit", { form: sent, maxRedirects: 0 })).status(), 403);
    await page.goto("/positions");
    assert.equal(await page.getByText(name).count(), 0);
  });
});

describe("everywhere", () => {
  test("the language is switched and stays", async () => {
    const page = await signedIn(seller);
    assert.match(await page.locator("html").getAttribute("lang"), /^zh/);
    const chinese = await page.locator("h1").innerText();
    await page.locator('form[action="/language"] button').click();
    await page.waitForLoadState();
    assert.match(await page.locator("html").getAttribute("lang"), /^en/);
    assert.notEqual(await page.locator("h1").innerText(), chinese);
    for (const path of ["/customers?view=mine", "/customers/new", "/follow-ups", "/contacts", "/contracts", "/receipts", "/instalments", "/reports?by=person", "/reports?by=product", "/reports/targets", "/reports/targets?by=position"]) {
      await page.goto(path);
      assert.match(await page.locator("html").getAttribute("lang"), /^en/);
      // Names of custom fields are the organisation's own words, as those of customers are.
      const words = await page.locator('nav.menu, h1, h2, label:not([for^="custom_"]), button.button').allInnerTexts();
      const left = words.filter((text) => /[\u4e00-\u9fff]/.test(text));
      assert.deepEqual(left, [], `${path} is in English`);
    }
    const english = await visit({ locale: "en-GB" });
    await english.goto("/sign-in");
    assert.match(await english.locator("html").getAttribute("lang"), /^en/);
  });

  test("nothing sticks out at 390 and at 1280 pixels", async () => {
    for (const width of [390, 1280]) {
      for (const person of [seller, administrator]) {
        const page = await signedIn(person, { width, height: 844 });
        await page.goto(person === seller ? "/customers?view=mine" : "/customers?view=all");
        const customer = (await hrefs(rows(page)))[0];
        const menu = await hrefs(page.locator("nav.menu a"));
        const all = person === seller ? "" : "of=all&";
        await page.goto(`/contracts?${all}status=in_force`);
        const contract = (await hrefs(page.locator('main tbody a[href^="/contracts/"]')))[0];
        const deals = [contract, ...["plan", "history", "supplement", "payments/receipt"].map((end) => `${contract}/${end}`)];
        for (const by of ["person", "position", "product"]) deals.push(`/reports?${all}by=${by}`);
        for (const by of ["person", "position"]) deals.push(`/reports/targets?${all}by=${by}`);
        for (const what of ["contracts", "receipts", "instalments", "customers"]) deals.push(`/reports/rows?${all}what=${what}`);
        const paths = [...menu, ...deals, "/customers/new", customer, ...["edit", "history", "transfer", "delete", "access", "follow-ups", "contacts/new", "relations/new?search=a", "shares/new"].map((end) => `${customer}/${end}`), "/positions/edit", "/pools/edit", "/customers?view=pool", "/dictionaries/edit?dictionary=level", "/roles/edit", "/reports/targets/edit", "/nowhere", ...(person === administrator ? ["/settings/duplicate-lookups"] : [])];
        for (const path of [...paths, "/sign-in"]) {
          await page.goto(path);
          await openAll(page);
          const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
          assert.ok(wide <= window, `${path} is ${wide} wide in ${window}`);
          const hidden = await page.locator("main .scroll").evaluateAll((all) => all.map((part) => part.scrollWidth - part.clientWidth).filter((more) => more > 0));
          assert.deepEqual(hidden, [], `tables of ${path} are seen whole at ${width}`);
        }
        await page.context().close();
      }
    }
  });

  test("long names and long words do not break a page", async () => {
    const page = await signedIn(seller, { width: 390, height: 844 });
    const path = await created(page, { name: `${fresh("")}${"W".repeat(150)}`, address: "x".repeat(280), contacts_name: "N".repeat(90) });
    for (const where of [path, "/customers?view=mine&order=newest", "/customers?view=recent", "/contacts", "/"]) {
      await page.goto(where);
      const [wide, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
      assert.ok(wide <= window, `${where} is ${wide} wide in ${window}`);
    }
  });

  test("every field has a label, every picture a text, every button a name", async () => {
    const page = await signedIn(administrator);
    const menu = await hrefs(page.locator("nav.menu a"));
    await page.goto("/customers?view=all");
    const customer = (await hrefs(rows(page)))[0];
    for (const path of [...menu, "/customers/new", customer, `${customer}/edit`, `${customer}/contacts/new`, "/roles/edit", "/positions/edit", "/settings/duplicate-lookups"]) {
      await page.goto(path);
      const bare = await page.evaluate(() => {
        const found = [];
        for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
          if (!field.labels?.length && !field.ariaLabel && !field.getAttribute("aria-labelledby")) found.push(field.outerHTML.slice(0, 90));
        }
        for (const image of document.querySelectorAll("img:not([alt])")) found.push(image.outerHTML.slice(0, 90));
        for (const button of document.querySelectorAll("button, a[href]")) {
          if (!button.textContent.trim() && !button.ariaLabel && !button.querySelector("img[alt]:not([alt=''])")) found.push(button.outerHTML.slice(0, 90));
        }
        const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
        for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) found.push(`twice: #${id}`);
        return found;
      });
      assert.deepEqual(bare, [], path);
    }
  });

  test("no link is dead", async () => {
    for (const person of [seller, superior, administrator]) {
      const page = await signedIn(person);
      const seen = new Map();
      const queue = ["/"];
      const dead = [];
      const shapes = new Map();
      while (queue.length > 0) {
        const path = queue.shift();
        const answer = await page.request.get(path);
        if (answer.status() !== 200) dead.push(`${answer.status()} ${path} on ${seen.get(path)}`);
        if (!(answer.headers()["content-type"] ?? "").startsWith("text/html")) continue;
        for (const [, link] of (await answer.text()).matchAll(/(?:href|src)="([^"]*)"/g)) {
          const url = new URL(link.replaceAll(/&(amp|#38);/g, "&"), new URL(path, host.address));
          if (url.origin !== host.address || !url.protocol.startsWith("http")) continue;
          const to = url.pathname + url.search;
          // A few of each sort: not all customers, not every page of every order.
          const shape = to.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "ID").replace(/=[^&]*/g, "=");
          if (seen.has(to) || (shapes.get(shape) ?? 0) >= 6) continue;
          shapes.set(shape, (shapes.get(shape) ?? 0) + 1);
          seen.set(to, path);
          queue.push(to);
        }
      }
      assert.deepEqual(dead, [], person);
      assert.ok(seen.size > 30, `${seen.size} links were followed`);
    }
  });

  test("markup that people type stays text", async () => {
    const page = await signedIn(seller);
    const evil = `<script>window.pwned=1</script><img src=x onerror=window.pwned=1>"'${fresh("")}`;
    const path = await created(page, { name: evil, address: evil, contacts_name: evil.slice(0, 100) });
    assert.ok((await page.locator("h1").innerText()).includes(evil));
    const sheet = form(page, `${path}/follow-ups/new`);
    await sheet.locator('[name="content"]').fill(evil);
    await send(sheet);
    await page.goto(`${path}/edit`);
    assert.equal(await page.locator('[name="name"]').inputValue(), evil);
    await page.locator('[name="name"]').fill(`${evil}b`);
    await send(form(page, `${path}/edit`));
    for (const where of [path, `${path}/history`, "/customers?view=mine&order=newest", "/customers?view=recent", "/contacts", "/follow-ups", "/", `/customers?view=mine&text=${encodeURIComponent(evil.slice(0, 50))}`]) {
      await page.goto(where);
      assert.equal(await page.evaluate(() => window.pwned), undefined, where);
      assert.equal(await page.locator("main script, main img").count(), 0, where);
    }
  });

  test("what does not come from a page of the session is refused", async () => {
    const page = await signedIn(seller);
    await page.goto("/customers/new");
    const token = await page.locator('form[action="/customers/new"] [name="_csrf"]').inputValue();
    const name = fresh("伪造请求");
    const post = (form, headers = {}) => page.request.post("/customers/new", { form: { name, kind: "company", ...form }, headers, maxRedirects: 0 });
    assert.equal((await post({})).status(), 403);
    assert.equal((await post({ _csrf: "x".repeat(token.length) })).status(), 403);
    assert.equal((await post({ _csrf: token }, { "sec-fetch-site": "cross-site" })).status(), 403);
    assert.equal((await post({ _csrf: token }, { origin: "https://evil.example" })).status(), 403);
    const other = await signedIn(superior);
    await other.goto("/customers/new");
    const foreign = await other.locator('form[action="/customers/new"] [name="_csrf"]').inputValue();
    assert.equal((await post({ _csrf: foreign })).status(), 403);
    await page.goto(`/customers?view=mine&text=${encodeURIComponent(name)}`);
    assert.equal(await rows(page).count(), 0, "nothing was created");
  });

  test("security headers stand on every kind of answer, and the cookie is kept from scripts", async () => {
    const page = await signedIn(seller);
    for (const path of ["/", "/sign-in", "/customers?view=mine", "/static/style.css", "/static/page.js", "/api/openapi.json", "/nowhere"]) {
      const headers = (await page.request.get(path)).headers();
      assert.match(headers["content-security-policy"] ?? "", /default-src 'none'/, path);
      assert.doesNotMatch(headers["content-security-policy"], /unsafe/, path);
      assert.match(headers["content-security-policy"], /frame-ancestors 'none'/, path);
      assert.equal(headers["x-content-type-options"], "nosniff", path);
      assert.ok(headers["referrer-policy"], path);
      if (!path.startsWith("/static")) assert.equal(headers["cache-control"], "no-store", path);
    }
    const session = (await page.context().cookies()).find((cookie) => cookie.httpOnly);
    assert.ok(session, "the session's cookie is HttpOnly");
    assert.ok(["Lax", "Strict"].includes(session.sameSite));
  });

  test("the API is described, answers the session, and errs in problem details", async () => {
    const page = await signedIn(seller);
    const document = await (await page.request.get("/api/openapi.json")).json();
    assert.match(document.openapi, /^3\.1/);
    assert.ok(Object.keys(document.paths).length > 30);
    const ask = (operation, data) => page.request.post(`/api/${operation}`, { data, headers: { "sec-fetch-site": "same-origin" } });
    const list = await ask("customers", { query: { view: { kind: "mine" } }, page: { size: 5, count: true } });
    assert.equal(list.status(), 200, await list.text());
    assert.equal((await list.json()).items.length, 5);
    const wrong = await ask("create_customer", { customer: { name: "" } });
    assert.ok(wrong.status() >= 400 && wrong.status() < 500);
    assert.match(wrong.headers()["content-type"], /application\/problem\+json/);
    const problem = await wrong.json();
    assert.ok(problem.code && problem.status === wrong.status(), JSON.stringify(problem));
    const unknown = await ask("no_such_operation", {});
    assert.equal(unknown.status(), 404);
    const stranger = await visit();
    const refused = await stranger.request.post("/api/customers", { data: { query: { view: { kind: "mine" } }, page: {} } });
    assert.equal(refused.status(), 401);
    const forged = await page.request.post("/api/create_customer", { data: { customer: { name: fresh("跨站") } }, headers: { "sec-fetch-site": "cross-site" } });
    assert.equal(forged.status(), 403);
  });
});
