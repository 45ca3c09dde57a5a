// After a crash inside the module nothing answers any more as if nothing had happened.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as crm from "crm-js";
import { refused, world } from "./cases/check.mjs";
import { Crm as Handle } from "../dist/wasm/crm_wasm.js";

test("near the end of the host's stack a call is refused, and nothing breaks", () => {
  const { house, host, alice } = world(crm);
  // One person may have as many customers as he likes.
  const settings = host.settings();
  host.changeSettings({ ...settings, pool: { ...settings.pool, most_held: 0 } });
  const input = { name: "A", contacts: [{ name: "B", birthday: { calendar: "lunar", month: 1, day: 1 } }] };
  const nested = `{"query":{"view":{"kind":${"[".repeat(120)}${"]".repeat(120)}}},"page":{"size":1}}`;
  const calls = [
    () => alice.createCustomer({ ...input, name: `A${(made += 1)}` }),
    () => alice.customers({ view: { kind: "mine" } }, { size: 50 }),
    () => alice.dispatch("customers", nested),
    () => house.asUser("acme", "alice"),
    () => house.tickAll(),
  ];
  let made = 0;
  const codes = new Set();
  const steps = (call, left) => (left === 0 ? climbFrom(call) : steps(call, left - 1));
  const climbFrom = (call) => {
    let tries = 0;
    const up = () => {
      try {
        up();
      } catch (thrown) {
        // The overflow; from there down, every frame tries the call.
        if (!(thrown instanceof RangeError)) throw thrown;
      }
      if ((tries += 1) > 3_000) return;
      try {
        call();
        codes.add("answered");
      } catch (thrown) {
        if (!(thrown instanceof RangeError)) codes.add(thrown.code);
      }
    };
    up();
  };
  for (const call of calls) for (let shift = 0; shift < 3; shift++) steps(call, shift);
  assert.ok(codes.has("nested_too_deep") && codes.has("answered"), [...codes].join());
  assert.ok(!codes.has("crashed"), [...codes].join());
  assert.equal(alice.createCustomer({ name: "last" }).name, "last");
  house.free();
});

test("a crash is told, and every later call is refused", () => {
  const { house, alice } = world(crm);
  const other = world(crm);
  const trap = new WebAssembly.RuntimeError("unreachable");
  const dispatch = Handle.prototype.dispatch;
  Handle.prototype.dispatch = () => {
    throw trap;
  };
  assert.equal(refused(crm, "crashed", () => alice.menu()).cause, trap);
  Handle.prototype.dispatch = dispatch;
  for (const call of [() => alice.menu(), () => other.alice.menu(), () => new crm.Crm(), () => crm.operations()]) {
    assert.equal(refused(crm, "crashed", call).status, 500);
  }
  house.free();
  refused(crm, "closed", () => alice.menu());
});
