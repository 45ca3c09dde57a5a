import { malformed } from "./error.js";

/** Deeper than anything that the library takes; it refuses 128 levels itself. */
const DEPTH = 100;

/**
 * Writes a value as JSON and refuses what `JSON.stringify` would change or drop without a word: NaN, BigInt, functions,
 * dates and other instances, holes, cycles. A member that is `undefined` is absent.
 */
export function encode(input: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(plain(input, "", 0));
}

/** A copy of plain data: each member of the value is read once. */
function plain(value: unknown, path: string, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      if (Number.isFinite(value)) return value;
      throw malformed(path);
    case "object":
      if (value === null) return null;
      if (depth < DEPTH) return Array.isArray(value) ? list(value, path, depth + 1) : members(value, path, depth + 1);
  }
  throw malformed(path);
}

function list(value: readonly unknown[], path: string, depth: number): unknown[] {
  const copy: unknown[] = [];
  for (let i = 0; i < value.length; i++) copy.push(plain(value[i], `${path}[${i}]`, depth));
  return copy;
}

function members(value: object, path: string, depth: number): object {
  // `Object.prototype` of any realm has no prototype itself; that of a class has one.
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw malformed(path);
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of Object.keys(value)) {
    const below = path === "" ? key : `${path}.${key}`;
    let member: unknown;
    try {
      member = (value as Record<string, unknown>)[key];
    } catch (thrown) {
      throw malformed(below, thrown);
    }
    if (member !== undefined) copy[key] = plain(member, below, depth);
  }
  return copy;
}

const LONE_SURROGATE = /\p{Surrogate}/u;

/** A text for the library, in which a half character would become another one. */
export function text(value: unknown, field: string): string {
  if (typeof value === "string" && !LONE_SURROGATE.test(value)) return value;
  throw malformed(field);
}
