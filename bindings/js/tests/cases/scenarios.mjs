// Replays tests/scenarios, whose README tells the form.
import { equal, ok } from "./check.mjs";

const START = 1_795_395_600_000;
const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());

/** A value of an earlier answer, where a text stands for one. */
function resolved(value, answers) {
  if (Array.isArray(value)) return value.map((item) => resolved(item, answers));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, resolved(member, answers)]));
  }
  const found = typeof value === "string" && /^\$([1-9][0-9]*)((?:\/[a-z0-9_]+)+)$/.exec(value);
  if (!found) return value;
  let at = JSON.parse(answers[found[1] - 1]);
  for (const segment of found[2].slice(1).split("/")) {
    at = at[segment];
    ok(at !== undefined, `${value} leads nowhere`);
  }
  return at;
}

/** The answers to a scenario's calls: through `dispatch`, or through the methods and written as JSON again. */
function replay(crm, calls, typed) {
  let now = START;
  let drawn = 0;
  const entropy = () => {
    const bytes = new Uint8Array(16);
    new DataView(bytes.buffer).setBigUint64(8, BigInt(drawn++));
    return bytes;
  };
  const house = new crm.Crm({ now: () => now, entropy });
  const names = new Map(crm.operations().map((operation) => [operation.name, operation.arguments]));
  const answers = [];
  for (const line of calls) {
    const { as, system, advance = 0, key, correlation, call, with: input = {}, raw } = JSON.parse(line);
    now += advance;
    let answer;
    try {
      let session = as === undefined ? house.asSystem("acme", system) : house.asUser("acme", as);
      if (key !== undefined) session = session.idempotent(key);
      if (correlation !== undefined) session = session.correlated(correlation);
      if (raw !== undefined) {
        answer = session.dispatch(call, raw);
      } else {
        const given = resolved(input, answers);
        if (typed) {
          const values = names.get(call).map((name) => given[name]);
          answer = JSON.stringify(session[camel(call)](...values));
        } else {
          answer = session.dispatch(call, JSON.stringify(given));
        }
      }
    } catch (error) {
      if (!(error instanceof crm.CrmError)) throw error;
      answer = `{"error":${JSON.stringify(error.problem("zh"))}}`;
    }
    answers.push(answer);
  }
  house.free();
  return answers;
}

/** A case for each scenario and each way; `scenarios` holds the lines of calls and answers by name. */
export const scenarioCases = (scenarios) =>
  Object.fromEntries(
    Object.entries(scenarios).flatMap(([name, { calls, answers }]) =>
      [false, true].map((typed) => [
        `${name}, ${typed ? "by methods" : "by dispatch"}`,
        (crm) => {
          ok(calls.length > 0 && calls.length === answers.length, "not an answer for each call");
          replay(crm, calls, typed).forEach((answer, i) => {
            if (answer !== answers[i]) equal(answer, answers[i], `call ${i + 1}: ${calls[i]}`);
          });
        },
      ]),
    ),
  );
