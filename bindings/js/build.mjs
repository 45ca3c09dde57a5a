// Builds the package into dist/: crm-wasm with cargo, its glue with wasm-bindgen, the rest with tsc.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
const run = (program, ...args) => execFileSync(program, args, { cwd: root, stdio: ["ignore", 2, 2] });

/** wasm-bindgen's program in the very version of the crate: anything else refuses. */
function wasmBindgen() {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  const version = /name = "wasm-bindgen"\nversion = "([^"]+)"/.exec(lock)[1];
  const tools = join(target, "tools", `wasm-bindgen-${version}`);
  const program = join(tools, "bin", "wasm-bindgen");
  if (!existsSync(program)) {
    run("cargo", "install", "wasm-bindgen-cli", "--version", version, "--root", tools, "--target-dir", join(tools, "build"));
    rmSync(join(tools, "build"), { recursive: true, force: true });
  }
  return program;
}

run("cargo", "build", "--locked", "-p", "crm-wasm", "--profile", "wasm", "--target", "wasm32-unknown-unknown");
rmSync(join(here, "dist"), { recursive: true, force: true });
// The glue lies beside the sources, where tsc finds its types, and is copied beside what tsc writes.
const glue = join(here, "src", "wasm");
rmSync(glue, { recursive: true, force: true });
mkdirSync(glue, { recursive: true });
run(
  wasmBindgen(),
  "--target",
  "web",
  "--remove-name-section",
  "--remove-producers-section",
  "--out-dir",
  glue,
  join(target, "wasm32-unknown-unknown", "wasm", "crm_wasm.wasm"),
);
run(join(here, "node_modules", ".bin", "tsc"), "-p", here);
cpSync(glue, join(here, "dist", "wasm"), { recursive: true });
