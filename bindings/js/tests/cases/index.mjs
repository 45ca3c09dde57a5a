import { badInput } from "./bad_input.mjs";
import { calls } from "./calls.mjs";
import { host } from "./host.mjs";
import { scenarioCases } from "./scenarios.mjs";

/** Every case by its name; each takes the package's exports. */
export const cases = (scenarios) => ({ ...calls, ...badInput, ...host, ...scenarioCases(scenarios) });
