// After a crash inside the module nothing answers any more as if nothing had happened.
import assert from "node:assert/strict";
import { test } from "node:test";
import * as crm from "crm-js";
import { refused, world } from "./cases/check.mjs";
import { Crm as Handle } from "../dist/wasm/crm_wasm.js";

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
