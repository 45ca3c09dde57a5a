// The same cases in a page and in a worker of Chromium, on the package as a browser loads it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { scenarios } from "./all.mjs";
import { cases } from "./cases/index.mjs";
import { serve, startBrowser } from "./serve.mjs";

const all = scenarios();
const names = Object.keys(cases(all));
let server;
let browser;
let page;

/** What a case answers in the page: nothing, or what went wrong. */
const run = (name) =>
  page.evaluate(async (name) => {
    try {
      globalThis.cases[name](globalThis.crm);
      return null;
    } catch (error) {
      return `${error}\n${error?.stack}`;
    }
  }, name);

before(async () => {
  server = await serve(new URL("../", import.meta.url));
  browser = await startBrowser();
  page = await browser.newPage();
  await page.goto(`${server.address}/tests/blank.html`);
  const early = await page.evaluate(async (all) => {
    globalThis.crm = await import("/dist/index.js");
    globalThis.cases = (await import("/tests/cases/index.mjs")).cases(all);
    const before = [];
    for (const call of [() => new crm.Crm(), () => crm.operations()]) {
      try {
        call();
      } catch (error) {
        before.push(error.code);
      }
    }
    await Promise.all([crm.init(), crm.init()]);
    return before;
  }, all);
  assert.deepEqual(early, ["not_ready", "not_ready"]);
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

describe("chromium", () => {
  for (const name of names) test(name, async () => assert.equal(await run(name), null));

  test("a worker of its own, from the bytes of the module", async () => {
    const found = await page.evaluate(async () => {
      const code = `
        import { Crm, init } from "${location.origin}/dist/index.js";
        onmessage = async ({ data }) => {
          await init(data);
          const crm = new Crm();
          crm.asSystem("acme", "set-up").createOrganisation({ name: "Acme" });
          postMessage(crm.asSystem("acme", "x").settings().time_zone);
        };`;
      const bytes = await (await fetch("/dist/wasm/crm_wasm_bg.wasm")).arrayBuffer();
      const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })), { type: "module" });
      const answer = new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => resolve(data);
        worker.onerror = (event) => reject(new Error(event.message));
      });
      worker.postMessage(bytes);
      return answer;
    });
    assert.equal(found, "Asia/Shanghai");
  });

  test("values of another window are plain data, too", async () => {
    const found = await page.evaluate(() => {
      const frame = document.body.appendChild(document.createElement("iframe"));
      const input = frame.contentWindow.JSON.parse('{"name":"A","phones":["1"]}');
      const house = new crm.Crm();
      const host = house.asSystem("acme", "set-up");
      host.createOrganisation({ name: "Acme" });
      host.syncPeople([{ id: "alice", name: "Alice" }], "delta");
      return house.asUser("acme", "alice").createCustomer(input).phones;
    });
    assert.deepEqual(found, ["1"]);
  });
});
