// One list of operations: types, methods and scenarios hold all of them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { operations } from "crm-js";
import { scenarios } from "./all.mjs";

const names = operations().map((operation) => operation.name).sort();

test("every operation has its types, and nothing else has", () => {
  const types = readFileSync(new URL("../dist/wasm/crm_wasm.d.ts", import.meta.url), "utf8");
  const body = /^export interface Operations \{\n(.*?)^\}/ms.exec(types)[1];
  const typed = [...body.matchAll(/^ {4}([a-z_]+): (\[.*\]);$/gm)];
  assert.deepEqual(typed.map(([, name]) => name).sort(), names);
  for (const [, name, type] of typed) {
    const { arguments: given } = operations().find((operation) => operation.name === name);
    assert.equal(type.startsWith("[null, "), given.length === 0, `${name}: ${type}`);
  }
});

test("every operation is called in a scenario, and is answered there at least once", () => {
  const answered = new Set();
  for (const { calls, answers } of Object.values(scenarios())) {
    calls.forEach((line, i) => {
      if (!answers[i].startsWith('{"error":')) answered.add(JSON.parse(line).call);
    });
  }
  assert.deepEqual([...answered].sort(), names);
});
