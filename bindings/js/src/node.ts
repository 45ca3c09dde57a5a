import { readFileSync } from "node:fs";
import { ready } from "./crm.js";
import { initSync } from "./wasm/crm_wasm.js";

export * from "./index.js";

initSync({ module: readFileSync(new URL("./wasm/crm_wasm_bg.wasm", import.meta.url)) });
ready();
