import { ready } from "./crm.js";
import load, { type InitInput } from "./wasm/crm_wasm.js";

export { companyName, Crm, nameSimilarity, operations, pluginManifest, Session, texts } from "./crm.js";
export { CrmError } from "./error.js";
export type { Calls, CrmOptions, DirectoryPersonInput } from "./types.js";
export type * from "./records.js";

/**
 * Loads the library; wait for it once before anything else. Takes the address or the bytes of `crm_wasm_bg.wasm`;
 * absent: the file beside the package's own. In Node it is loaded by the import.
 */
export async function init(source?: InitInput | Promise<InitInput>): Promise<void> {
  await load(source === undefined ? undefined : { module_or_path: source });
  ready();
}
