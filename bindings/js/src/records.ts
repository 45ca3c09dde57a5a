// The library's records. Its own handle and loader are no part of the package.
export type * from "./wasm/crm_wasm.js";
