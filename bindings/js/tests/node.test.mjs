import { describe, test } from "node:test";
import * as crm from "crm-js";
import { scenarios } from "./all.mjs";
import { cases } from "./cases/index.mjs";

describe("node", () => {
  for (const [name, run] of Object.entries(cases(scenarios()))) test(name, () => run(crm));
});
