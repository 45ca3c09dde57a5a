import type { Failure, Problem, Texts, Violation } from "./wasm/crm_wasm.js";

/** Why a call was not carried out; nothing was changed then. Branch on `code`, show one of `texts`. */
export class CrmError extends Error {
  override readonly name = "CrmError";
  /** The stable code, such as `not_found`, `invalid`, `conflict`. */
  readonly code: string;
  /** What the code speaks of, by name. */
  readonly data: Readonly<Record<string, string>>;
  /** What is wrong with the input, field by field. */
  readonly violations: readonly Violation[];
  /** What went wrong, for a person, in English and Chinese. */
  readonly texts: Readonly<Texts>;
  /** The status with which an HTTP API answers. */
  readonly status: number;

  /** @internal */
  constructor(failure: Omit<Failure, "type" | "title">, cause?: unknown) {
    const { code, data, violations, texts, status, reason } = failure;
    const text = reason === undefined ? texts.en : `${texts.en}: ${reason}`;
    super(`${code}: ${text}`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.data = data;
    this.violations = violations;
    this.texts = texts;
    this.status = status;
  }

  /** Problem details (RFC 9457): the body that an HTTP API answers with. */
  problem(language: keyof Texts): Problem {
    const { code, status, data, violations } = this;
    const title = this.texts[language];
    return { type: `urn:crm:problem:${code}`, title, status, code, data: { ...data }, violations: [...violations] };
  }
}

const failed = (code: string, status: number, en: string, zh: string, cause?: unknown) =>
  new CrmError({ code, status, data: {}, violations: [], texts: { en, zh } }, cause);

export const closed = () => failed("closed", 409, "The CRM was closed", "CRM 已关闭");

export const notReady = () => failed("not_ready", 503, "init() has not finished", "init() 尚未完成");

export const crashed = (cause: unknown) =>
  failed("crashed", 500, "The library has crashed; load it anew", "程序库已崩溃，请重新加载", cause);

export const nestedTooDeep = (cause?: unknown) =>
  failed("nested_too_deep", 409, "Calls within calls go too deep", "调用嵌套过深", cause);

/** A value that has no place in JSON, at a path of the input. */
export function malformed(field: string, cause?: unknown) {
  const texts = { en: `${field} is not well-formed`, zh: `${field} 格式不正确` };
  return new CrmError(
    { code: "invalid", status: 422, data: {}, violations: [{ field, code: "malformed" }], texts },
    cause,
  );
}

/** An argument too many. */
export function notAllowed(field: string) {
  const texts = { en: `${field} is not allowed here`, zh: `${field} 此处不允许` };
  return new CrmError({ code: "invalid", status: 422, data: {}, violations: [{ field, code: "not_allowed" }], texts });
}
