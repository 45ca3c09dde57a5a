import type { DirectoryPerson, LogEntry, LogLevel, Operations, PanelPage, PanelQuestion } from "./wasm/crm_wasm.js";

/** `create_customer` as JavaScript writes it: `createCustomer`. */
export type Camel<Name extends string> = Name extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** Arguments of which those at the end that may be absent can be left out. */
type Optional<Arguments extends readonly unknown[]> = Arguments extends readonly [...infer Head, infer Last]
  ? null extends Last
    ? Optional<Head> extends infer Rest extends readonly unknown[]
      ? [...Rest, (Last | undefined)?]
      : never
    : Arguments
  : Arguments;

type Arguments<Given> = Given extends readonly unknown[] ? Optional<Given> : [];

/** A method for each operation of the library: its table is the only list of them. */
export type Calls = {
  [Name in keyof Operations as Camel<Name>]: (
    ...args: Arguments<Operations[Name][0]>
  ) => Operations[Name][1];
};

/** What the host gives; what is absent the library does itself. */
export interface CrmOptions {
  /** The time, in milliseconds since 1970; absent: `Date.now`. */
  now?: (() => number) | undefined;
  /** Sixteen random bytes; absent: `crypto.getRandomValues`. */
  entropy?: (() => Uint8Array) | undefined;
  /** Where calls are noted, from `level` on (absent: `info`); absent: nowhere. */
  log?: { level?: LogLevel | undefined; log(entry: LogEntry): void } | undefined;
  /** The host's own people, for `searchPeople`; absent: those of the organisation. */
  directory?: { searchPeople(org: string, text: string, limit: number): DirectoryPersonInput[] } | undefined;
  /** The host's own data on customers, for `panelRows`; absent: panels have no rows. */
  panels?: { panelRows(question: PanelQuestion): PanelPage } | undefined;
}

/** A person as a directory shows him; the library adds whether it knows him. */
export type DirectoryPersonInput = Omit<DirectoryPerson, "known">;
