// Memory stays as it is, however long it runs.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Crm, CrmError } from "crm-js";
import { world } from "./cases/check.mjs";
import { initSync } from "../dist/wasm/crm_wasm.js";

const CALLS = 200_000;
const { memory } = initSync(); // of the module that is loaded already
const crm = { Crm, CrmError };

test("200,000 calls with callbacks leave nothing behind", () => {
  let told = 0;
  let asked = 0;
  let failing = false;
  const now = () => {
    asked += 1;
    if (failing) throw new Error("stopped");
    return 1_795_395_600_000;
  };
  const { house, alice } = world(crm, { now, log: { level: "debug", log: () => (told += 1) } });
  const { id } = alice.createCustomer({ name: "杭州云帆科技有限公司" });
  const turn = (i) => {
    const session = house.asUser("acme", "alice").correlated(`request-${i}`);
    switch (i % 4) {
      case 0:
        return session.customer(id);
      case 1:
        return session.customers({ view: { kind: "mine" } }, { size: 10 });
      case 2:
        try {
          return session.createCustomer({ name: "" });
        } catch {
          return undefined;
        }
      case 3:
        failing = true;
        try {
          return session.menu();
        } catch (error) {
          return error.cause;
        } finally {
          failing = false;
        }
    }
  };
  for (let i = 0; i < CALLS / 10; i++) turn(i);
  globalThis.gc();
  const [module, heap] = [memory.buffer.byteLength, process.memoryUsage().heapUsed];
  for (let i = 0; i < CALLS; i++) turn(i);
  globalThis.gc();
  assert.equal(memory.buffer.byteLength, module);
  assert.ok(process.memoryUsage().heapUsed < heap + 4_000_000, "the engine's heap has grown");
  assert.ok(asked > CALLS / 2 && told > CALLS / 2, `${asked} times asked, ${told} times told`);
  house.free();
});

test("a CRM that is closed gives its memory back", () => {
  const turn = () => {
    const { house, alice } = world(crm);
    for (let i = 0; i < 20; i++) alice.createCustomer({ name: `C${i}`, description: "x".repeat(2_000) });
    house.free();
  };
  for (let i = 0; i < 50; i++) turn();
  const module = memory.buffer.byteLength;
  for (let i = 0; i < 500; i++) turn();
  assert.equal(memory.buffer.byteLength, module);
});
