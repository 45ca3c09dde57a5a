// What a call costs in Node, beside the same call in Rust in the same run. A line of JSON per measure; with --check it
// fails where WebAssembly takes more over Rust than it may.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Crm } from "crm-js";

/** Microseconds that a call may take over Rust. */
const ALLOWED = { customer: 20, customers_50: 300 };

const root = fileURLToPath(new URL("../../../", import.meta.url));

function rust() {
  const cargo = ["run", "--locked", "-q", "--release", "-p", "crm-wasm", "--example", "native"];
  const said = execFileSync("cargo", cargo, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  return said.trim().split("\n").map((line) => JSON.parse(line));
}

/** The median of 15 rounds of a fifth of a second, after one to warm up. */
function measure(name, call) {
  const rounds = [];
  for (let round = 0; round <= 15; round++) {
    const from = performance.now();
    let calls = 0;
    let spent = 0;
    while (spent < 200) {
      for (let i = 0; i < 10; i++) call();
      calls += 10;
      spent = performance.now() - from;
    }
    if (round > 0) rounds.push((spent * 1e3) / calls);
  }
  rounds.sort((a, b) => a - b);
  return { measure: name, in: "wasm", us: Number(rounds[7].toFixed(2)) };
}

function wasm() {
  let drawn = 0;
  const entropy = () => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setUint32(12, drawn++);
    return bytes;
  };
  const crm = new Crm({ now: () => 1_795_395_600_000, entropy });
  const host = crm.asSystem("acme", "set-up");
  host.createOrganisation({ name: "Acme" });
  const settings = host.settings();
  host.changeSettings({ ...settings, pool: { ...settings.pool, most_held: 0 } });
  host.syncPeople([{ id: "alice", name: "Alice" }], "delta");
  const alice = crm.asUser("acme", "alice");
  const ids = Array.from({ length: 1_000 }, (_, n) => {
    const input = {
      number: `N-${n}`,
      name: `杭州云帆科技有限公司${n}`,
      region: "浙江杭州",
      address: "文三路 90 号",
      phones: ["0571-8888 0000"],
      description: "两年合作，季度回访",
    };
    return alice.createCustomer(input).id;
  });
  let turn = 0;
  return [
    measure("customer", () => crm.asUser("acme", "alice").customer(ids[(turn += 1) % ids.length])),
    measure("customers_50", () => crm.asUser("acme", "alice").customers({ view: { kind: "mine" } }, { size: 50 })),
  ];
}

const native = rust();
let failed = false;
for (const { measure: name, us } of wasm()) {
  const beside = native.find((line) => line.measure === name).us;
  const over = Number((us - beside).toFixed(2));
  const allowed = ALLOWED[name];
  failed ||= over > allowed;
  console.log(JSON.stringify({ measure: `wasm/${name}`, rust_us: beside, wasm_us: us, over_us: over, allowed_us: allowed }));
}
if (failed && process.argv.includes("--check")) process.exitCode = 1;
