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

/** What reading a part of a value gave; a proxy or a getter of the host's may throw anything. */
function read<T>(path: string, part: () => T): T {
  try {
    return part();
  } catch (thrown) {
    throw malformed(path, thrown);
  }
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
      if (depth >= DEPTH) break;
      // A revoked proxy throws even here.
      return read(path, () => Array.isArray(value))
        ? list(value as unknown[], path, depth + 1)
        : members(value, path, depth + 1);
  }
  throw malformed(path);
}

function list(value: readonly unknown[], path: string, depth: number): unknown[] {
  const copy: unknown[] = [];
  const length = read(path, () => value.length);
  for (let i = 0; i < length; i++) {
    const below = `${path}[${i}]`;
    const item = read(below, () => value[i]);
    copy.push(plain(item, below, depth));
  }
  return copy;
}

function members(value: object, path: string, depth: number): object {
  // `Object.prototype` of any realm has no prototype itself; that of a class has one.
  const isPlain = read(path, () => {
    const prototype: unknown = Object.getPrototypeOf(value);
    return prototype === null || Object.getPrototypeOf(prototype) === null;
  });
  if (!isPlain) throw malformed(path);
  const copy: Record<string, unknown> = Object.create(null);
  for (const key of read(path, () => Object.keys(value))) {
    const below = path === "" ? key : `${path}.${key}`;
    const member = read(below, () => (value as Record<string, unknown>)[key]);
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
