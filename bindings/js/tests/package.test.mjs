// The package as a new user has it: packed, installed into an empty project, used by the README's lines.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const here = fileURLToPath(new URL("../", import.meta.url));
const [first, browser, errors] = [...readFileSync(join(here, "README.md"), "utf8").matchAll(/^```js\n(.*?)^```/gms)].map(
  ([, code]) => code,
);
let project;

const run = (program, ...args) => execFileSync(program, args, { cwd: project, encoding: "utf8" });

before(() => {
  project = mkdtempSync(join(tmpdir(), "crm-js-"));
  execFileSync("npm", ["pack", "--pack-destination", project], { cwd: here, stdio: "pipe" });
  const [packed] = readdirSync(project);
  run("npm", "init", "-y");
  run("npm", "install", "--no-audit", "--no-fund", "--offline", `./${packed}`);
  run("npm", "pkg", "set", "type=module");
});

after(() => rmSync(project, { recursive: true, force: true }));

test("from npm init to a first customer by the README's lines", () => {
  writeFileSync(join(project, "first.js"), first);
  assert.equal(run("node", "first.js"), "杭州云帆科技有限公司\n");
  writeFileSync(join(project, "errors.js"), errors);
  assert.equal(run("node", "errors.js"), "actor_unknown\n您不能在此组织中操作\n");
  writeFileSync(join(project, "browser.js"), browser);
  assert.equal(run("node", "browser.js"), "");
});

test("the README's lines have types, with no types of Node's or a browser's beside", () => {
  mkdirSync(join(project, "types"));
  for (const [name, code] of Object.entries({ first, browser, errors })) {
    writeFileSync(join(project, "types", `${name}.ts`), `export {};\ndeclare const console: { log(text: string): void };\n${code}`);
  }
  const options = ["--strict", "--noEmit", "--skipLibCheck", "--module", "nodenext", "--target", "es2022"];
  const files = ["first", "browser", "errors"].map((name) => `types/${name}.ts`);
  execFileSync(join(here, "node_modules", ".bin", "tsc"), [...options, ...files], { cwd: project, stdio: "pipe" });
});

test("the package holds what it needs and nothing else", () => {
  const list = (folder) => readdirSync(join(project, "node_modules", "crm-js", folder)).sort();
  assert.deepEqual(list("."), ["README.md", "dist", "package.json"]);
  assert.deepEqual(list("dist/wasm"), ["crm_wasm.d.ts", "crm_wasm.js", "crm_wasm_bg.wasm", "crm_wasm_bg.wasm.d.ts"]);
});

test("the module stays within its budget", (t) => {
  const { bytes, aim } = JSON.parse(readFileSync(join(here, "budget.json"), "utf8"));
  const size = gzipSync(readFileSync(join(here, "dist", "wasm", "crm_wasm_bg.wasm")), { level: 9 }).length;
  t.diagnostic(`${size} bytes gzipped of ${bytes}, the aim is ${aim}`);
  assert.ok(size <= bytes, `${size} bytes gzipped, ${bytes} allowed`);
});
