// Everything that is tested in Node and in a browser alike.
import { readdirSync, readFileSync } from "node:fs";

export const root = new URL("../../../", import.meta.url);
const folder = new URL("tests/scenarios/", root);

const lines = (name) => readFileSync(new URL(name, folder), "utf8").split("\n").slice(0, -1);

/** The scenarios by name. */
export function scenarios() {
  const names = readdirSync(folder).flatMap((file) => /^(.*)\.calls\.jsonl$/.exec(file)?.[1] ?? []);
  if (names.length === 0) throw new Error("there are no scenarios");
  const read = (name) => ({ calls: lines(`${name}.calls.jsonl`), answers: lines(`${name}.answers.jsonl`) });
  return Object.fromEntries(names.map((name) => [name, read(name)]));
}
