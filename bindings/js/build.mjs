// Builds the package into dist/: crm-wasm with cargo, its glue with crm-js-bindgen, the rest with tsc.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const run = (program, ...args) => execFileSync(program, args, { cwd: root, stdio: ["ignore", 2, 2] });

run("cargo", "build", "--locked", "-p", "crm-wasm", "--profile", "wasm", "--target", "wasm32-unknown-unknown");
rmSync(join(here, "dist"), { recursive: true, force: true });
// The glue lies beside the sources, where tsc finds its types, and is copied beside what tsc writes.
const glue = join(here, "src", "wasm");
rmSync(glue, { recursive: true, force: true });
mkdirSync(glue, { recursive: true });
const module = join(target, "wasm32-unknown-unknown", "wasm", "crm_wasm.wasm");
// In a folder of its own: whoever builds something else meanwhile does not wait for it, nor it for him.
run("cargo", "run", "--locked", "-p", "crm-js-bindgen", "--target-dir", join(target, "tools"), "--", module, glue);
run(join(here, "node_modules", ".bin", "tsc"), "-p", here);
cpSync(glue, join(here, "dist", "wasm"), { recursive: true });
