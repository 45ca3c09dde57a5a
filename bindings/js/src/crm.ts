import { closed, crashed, CrmError, malformed, nestedTooDeep, notAllowed, notReady } from "./error.js";
import { encode, text } from "./json.js";
import type { Calls, CrmOptions } from "./types.js";
import * as wasm from "./wasm/crm_wasm.js";
import type { CompanyName, CoreText, Failure, NameSimilarity, OperationInfo, PluginManifest, TickReport } from "./wasm/crm_wasm.js";

/** Calls within calls, out of the host's own functions. */
const NESTED = 16;

/**
 * What must be left on the host's stack before a call: a stack that ended within the module would leave it half done.
 * These are arguments, which an engine lays on the stack and refuses when they find no room, at eight bytes each; calls
 * were seen to take up to 130 KB, before the engine has made its faster code of large functions.
 */
const ROOM: readonly undefined[] = new Array(20_000).fill(undefined);
/** For calls that only look at their arguments. */
const LITTLE_ROOM = ROOM.slice(0, 3_000);
const nothing: (...room: readonly undefined[]) => void = () => {};

/** Whether the module is there, and whether it went down; then nothing in it can be trusted. */
const module: { ready: boolean; crash: unknown; depth: number } = { ready: false, crash: undefined, depth: 0 };

const isFailure = (thrown: unknown): thrown is Failure =>
  typeof thrown === "object" && thrown !== null && "violations" in thrown && "texts" in thrown;

/** Runs a call into the module; what it throws comes out as `CrmError`. */
function guarded<T>(call: () => T, cause?: () => unknown, room = ROOM): T {
  if (!module.ready) throw notReady();
  if (module.crash !== undefined) throw crashed(module.crash);
  if (module.depth >= NESTED) throw nestedTooDeep();
  try {
    nothing(...room);
  } catch (thrown) {
    throw nestedTooDeep(thrown);
  }
  module.depth += 1;
  try {
    return call();
  } catch (thrown) {
    if (thrown instanceof CrmError) throw thrown;
    if (isFailure(thrown)) throw new CrmError(thrown, cause?.());
    module.crash = thrown;
    throw crashed(thrown);
  } finally {
    module.depth -= 1;
  }
}

/** @internal Called when the module has been instantiated. */
export function ready(): void {
  if (module.ready) return;
  module.ready = true;
  for (const { name, arguments: names } of operations()) {
    const method = name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
    const value = function (this: Session, ...values: unknown[]): unknown {
      if (values.length > names.length) throw notAllowed(`arguments[${names.length}]`);
      const input = Object.fromEntries(values.map((given, i) => [names[i], given]));
      return JSON.parse(this.dispatch(name, encode(input)));
    };
    Object.defineProperty(value, "name", { value: method });
    Object.defineProperty(Session.prototype, method, { value, configurable: true, writable: true });
  }
}

/** Every operation: its name, its arguments, the right it needs. */
export function operations(): OperationInfo[] {
  return JSON.parse(guarded(() => wasm.operations()));
}

/** The module described to a host that registers plugins. */
export function pluginManifest(): PluginManifest {
  return JSON.parse(guarded(() => wasm.pluginManifest()));
}

/** Every text of the library, with terms in braces: what a translation has to say. */
export function texts(): CoreText[] {
  return JSON.parse(guarded(() => wasm.texts()));
}

/** Understands the name of a company: where, who, what, in which legal form. */
export function companyName(name: string): CompanyName {
  return JSON.parse(guarded(() => wasm.companyName(text(name, "name"))));
}

/** How alike two names of companies are, from 0 to 1,000, and why. */
export function nameSimilarity(one: string, other: string): NameSimilarity {
  return JSON.parse(guarded(() => wasm.nameSimilarity(text(one, "one"), text(other, "other"))));
}

const LEVELS: readonly unknown[] = ["debug", "info", "warn", "error", undefined];

/** What the host gives, as the module calls it; `failed` hears what its functions throw. */
function host(options: CrmOptions, failed: (thrown: unknown) => void): wasm.Host {
  if (typeof options !== "object" || options === null) throw malformed("options");
  const { now, entropy, log, directory, panels } = options;
  const functions = {
    "options.now": now,
    "options.entropy": entropy,
    "options.log.log": log && (log.log ?? null),
    "options.directory.searchPeople": directory && (directory.searchPeople ?? null),
    "options.panels.panelRows": panels && (panels.panelRows ?? null),
  };
  for (const [field, given] of Object.entries(functions)) {
    if (given !== undefined && typeof given !== "function") throw malformed(field);
  }
  if (!LEVELS.includes(log?.level)) throw malformed("options.log.level");
  /** Gives null for what the function threw. What it gave is checked in the module. */
  const caught =
    <Given extends unknown[], T>(call: (...given: Given) => T) =>
    (...given: Given): T | null => {
      try {
        return call(...given);
      } catch (thrown) {
        failed(thrown);
        return null;
      }
    };
  return {
    now: now && caught(now),
    entropy: entropy && caught(entropy),
    logLevel: log?.level,
    log:
      log &&
      ((entry) => {
        try {
          log.log(JSON.parse(entry));
        } catch (thrown) {
          // The call is over; its answer does not depend on the log.
          console.error("The log of the CRM's host failed:", thrown);
        }
      }),
    searchPeople:
      directory && caught((org, part, limit) => encodeGiven(directory.searchPeople(org, part, limit))),
    panelRows: panels && caught((question) => encodeGiven(panels.panelRows(JSON.parse(question)))),
  };
}

function encodeGiven(given: unknown): string {
  const json = encode({ given });
  return json.slice('{"given":'.length, -1);
}

/** The CRM, in the memory of this page or process. Close it with `using`, or `free()`. */
export class Crm {
  #handle: wasm.Crm | undefined;
  /** How many calls are on their way: one, and those made from within it. */
  #depth = 0;
  #closing = false;
  /** What a function of the host threw during the call. */
  #cause: unknown;

  constructor(options: CrmOptions = {}) {
    const given = host(options, (thrown) => (this.#cause = thrown));
    this.#handle = guarded(() => new wasm.Crm(given));
  }

  /** What a person of an organisation can do. */
  asUser(org: string, user: string): Session {
    return this.#session(org, user, false);
  }

  /** What the host itself can do: setting up, keeping people in step. The reason stands in the history. */
  asSystem(org: string, reason: string): Session {
    return this.#session(org, reason, true);
  }

  #session(org: string, who: string, system: boolean): Session {
    text(org, "org");
    text(who, "user");
    this.#call((handle) => handle.checkActor(org, who, system), LITTLE_ROOM);
    const dispatch: Dispatch = (key, correlation, operation, json) =>
      this.#call((handle) => handle.dispatch(org, who, system, key, correlation, operation, json));
    return new Session(dispatch, undefined, undefined);
  }

  /** Does what is due in every organisation: call it every minute. */
  tickAll(): TickReport {
    return JSON.parse(this.#call((handle) => handle.tickAll()));
  }

  /** Organisations that have something due. */
  dueOrganisations(): string[] {
    return JSON.parse(this.#call((handle) => handle.dueOrganisations()));
  }

  /** Closes it: its data is gone, calls on the way end as they would, later ones are refused with `closed`. */
  free(): void {
    this.#closing = true;
    this.#freeWhenIdle();
  }

  [Symbol.dispose](): void {
    this.free();
  }

  #call<T>(call: (handle: wasm.Crm) => T, room = ROOM): T {
    const handle = this.#handle;
    if (handle === undefined || this.#closing) throw closed();
    const outer = this.#cause;
    this.#cause = undefined;
    this.#depth += 1;
    try {
      return guarded(
        () => call(handle),
        () => this.#cause,
        room,
      );
    } finally {
      this.#cause = outer;
      this.#depth -= 1;
      this.#freeWhenIdle();
    }
  }

  #freeWhenIdle(): void {
    if (!this.#closing || this.#depth > 0) return;
    const handle = this.#handle;
    this.#handle = undefined;
    // What crashed has nothing left that could be freed.
    if (module.crash === undefined) handle?.free();
  }
}

type Dispatch = (key: string | undefined, correlation: string | undefined, operation: string, json: string) => string;

export interface Session extends Calls {}

/**
 * One actor at work: a method for each thing a person does, such as `createCustomer`. It holds nothing that would have
 * to be freed; make one per request.
 */
export class Session {
  readonly #dispatch: Dispatch;
  readonly #key: string | undefined;
  readonly #correlation: string | undefined;

  /** @internal */
  constructor(dispatch: Dispatch, key: string | undefined, correlation: string | undefined) {
    this.#dispatch = dispatch;
    this.#key = key;
    this.#correlation = correlation;
  }

  /** The same with an idempotency key for its next command: a repeat within 30 days happens once and answers alike. */
  idempotent(key: string): Session {
    return new Session(this.#dispatch, text(key, "idempotency_key"), this.#correlation);
  }

  /** The same, naming the host's request in history and events. */
  correlated(id: string): Session {
    return new Session(this.#dispatch, this.#key, text(id, "correlation_id"));
  }

  /** Carries out an operation by its name, its arguments as a JSON object, and answers in JSON. */
  dispatch(operation: string, json: string): string {
    return this.#dispatch(this.#key, this.#correlation, text(operation, "operation"), text(json, "$"));
  }
}
