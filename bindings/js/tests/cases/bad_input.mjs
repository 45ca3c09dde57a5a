// What no JSON can say, what no text can hold: an error with a code, and nothing changed.
import { equal, ok, refused, world } from "./check.mjs";

const cycle = { name: "A" };
cycle.contacts = [cycle];
const deep = { name: "A" };
for (let i = 0, at = deep; i < 50_000; i++) at = at.contacts = {};
class Named {
  name = "A";
}
const thrower = Object.defineProperty({}, "name", {
  enumerable: true,
  get() {
    throw new RangeError("no name");
  },
});

const throwing = () => {
  throw new RangeError("not for you");
};
const throwingList = () => Object.defineProperty([], 0, { enumerable: true, get: throwing });
const proxy = (target, trap) => new Proxy(target, { [trap]: throwing });
function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Input of `create_customer`, and the field that is named. */
const INPUTS = [
  ["NaN", { name: "A", owner: NaN }, "customer.owner"],
  ["NaN where null would be absent", { name: "A", short_name: NaN }, "customer.short_name"],
  ["infinity", { name: "A", phones: [Infinity] }, "customer.phones[0]"],
  ["BigInt", { name: 1n }, "customer.name"],
  ["BigInt in a list", { name: "A", contacts: [{ name: "B", birthday: { calendar: "solar", month: 1n, day: 1 } }] }, "customer.contacts[0].birthday.month"],
  ["a function", { name: () => "A" }, "customer.name"],
  ["a symbol", { name: Symbol("A") }, "customer.name"],
  ["undefined in a list", { name: "A", phones: [undefined] }, "customer.phones[0]"],
  ["a hole in a list", { name: "A", phones: [, "1"] }, "customer.phones[0]"],
  ["a date", { name: new Date() }, "customer.name"],
  ["a map", { name: "A", phones: new Map() }, "customer.phones"],
  ["an instance of a class", new Named(), "customer"],
  ["a boxed text", { name: new String("A") }, "customer.name"],
  ["a typed array", { name: "A", phones: new Uint8Array(2) }, "customer.phones"],
  ["a getter that throws", thrower, "customer.name"],
  ["a getter that throws in a list", { name: "A", phones: throwingList() }, "customer.phones[0]"],
  ["a revoked proxy", { name: "A", phones: revoked([]) }, "customer.phones"],
  ["a revoked proxy for a record", revoked({}), "customer"],
  ["a list without a length", { name: "A", phones: proxy([], "get") }, "customer.phones"],
  ["a record that hides its members", proxy({}, "ownKeys"), "customer"],
  ["a record that hides its prototype", proxy({}, "getPrototypeOf"), "customer"],
  ["a lone surrogate", { name: "A\ud800" }, "customer.name"],
  ["a lone low surrogate", { name: "A", phones: ["\udc00"] }, "customer.phones[0]"],
  ["a wrong type", { name: 7 }, "customer.name"],
  ["a fraction", { name: "A", contacts: [{ name: "B", birthday: { calendar: "solar", month: 1.5, day: 1 } }] }, "customer.contacts[0].birthday.month"],
  ["a number beyond all", { name: "A", contacts: [{ name: "B", birthday: { calendar: "solar", month: 1e300, day: 1 } }] }, "customer.contacts[0].birthday.month"],
  ["null where something must be", { name: null }, "customer.name"],
  ["null for a record", null, "customer"],
  ["a text for a record", "A", "customer"],
  ["a function for a record", () => {}, "customer"],
  ["NaN for a record", NaN, "customer"],
];

export const badInput = {
  ...Object.fromEntries(
    INPUTS.map(([what, input, field]) => [
      `${what} is malformed`,
      (crm) => {
        const { house, alice } = world(crm);
        const error = refused(crm, "invalid", () => alice.createCustomer(input), what);
        equal(error.violations, [{ field, code: "malformed" }]);
        equal(error.status, 422);
        equal(alice.customers({ view: { kind: "mine" } }, { size: 5 }).items, []);
        house.free();
      },
    ]),
  ),

  "what a part of the input threw is the cause"(crm) {
    const { house, alice } = world(crm);
    for (const input of [thrower, { name: "A", phones: throwingList() }, proxy({}, "ownKeys")]) {
      ok(refused(crm, "invalid", () => alice.createCustomer(input)).cause instanceof RangeError, "another cause");
    }
    house.free();
  },

  "cycles and depths end in an error, not in a full stack"(crm) {
    const { house, alice } = world(crm);
    for (const input of [cycle, deep]) {
      const [violation] = refused(crm, "invalid", () => alice.createCustomer(input)).violations;
      ok(violation.code === "malformed" && violation.field.startsWith("customer.contacts"), violation.field);
    }
    refused(crm, "invalid", () => alice.dispatch("create_customer", "[".repeat(100_000)));
    refused(crm, "invalid", () => alice.dispatch("create_customer", '{"customer":'.repeat(100_000)));
    equal(alice.createCustomer({ name: "A" }).name, "A");
    house.free();
  },

  "the package and the library say malformed in the same words"(crm) {
    const { house, alice } = world(crm);
    const here = refused(crm, "invalid", () => alice.createCustomer({ name: NaN }));
    const there = refused(crm, "invalid", () => alice.createCustomer({ name: 7 }));
    equal([here.texts, here.message, here.problem("zh")], [there.texts, there.message, there.problem("zh")]);
    const tooMany = refused(crm, "invalid", () => alice.settings("x"));
    const unknown = refused(crm, "invalid", () => alice.dispatch("settings", '{"arguments[0]":"x"}'));
    equal([tooMany.texts, tooMany.problem("en")], [unknown.texts, unknown.problem("en")]);
    house.free();
  },

  "control characters are refused by rule, in every text that crosses"(crm) {
    const { house, alice } = world(crm);
    const nul = refused(crm, "invalid", () => alice.createCustomer({ name: "A\0B" }));
    equal(nul.violations[0].code, "control_character");
    for (const call of [
      () => house.asUser("acme", "a\0"),
      () => house.asUser("\0", "alice"),
      () => house.asSystem("acme", "\0"),
      () => alice.idempotent("k\0").createCustomer({ name: "A" }),
    ]) {
      equal(refused(crm, "invalid", call).violations[0].code, "control_character");
    }
    house.free();
  },

  "texts that are none, or half a character, are refused wherever they are given"(crm) {
    const { house, alice } = world(crm);
    for (const bad of ["\ud800", undefined, null, 7, 7n, {}, Symbol("x"), NaN]) {
      for (const call of [
        () => house.asUser(bad, "alice"),
        () => house.asUser("acme", bad),
        () => house.asSystem("acme", bad),
        () => alice.idempotent(bad),
        () => alice.correlated(bad),
        () => alice.dispatch(bad, "{}"),
        () => alice.dispatch("settings", bad),
        () => alice.dispatch("settings", `{"a":"${String(bad) === "\ud800" ? bad : "\udfff"}"}`),
      ]) {
        equal(refused(crm, "invalid", call).violations[0].code, "malformed");
      }
    }
    house.free();
  },

  "a member called __proto__ is a member that is not known"(crm) {
    const { house, alice } = world(crm);
    const input = JSON.parse('{"name":"A","__proto__":{"name":"B"}}');
    const error = refused(crm, "invalid", () => alice.createCustomer(input));
    equal(error.violations, [{ field: "customer.__proto__", code: "not_allowed" }]);
    equal({}.name, undefined);
    house.free();
  },

  "numbers keep their value up to 2^53"(crm) {
    const { house, host } = world(crm);
    equal(host.acknowledgeEvents("outbox", 0), 0);
    const beyond = refused(crm, "invalid", () => host.dispatch("acknowledge_events", '{"consumer":"outbox","up_to":1e400}'));
    equal(beyond.violations[0].code, "malformed");
    house.free();
  },

  "a method cannot be borrowed by something that is no session"(crm) {
    const { house, alice } = world(crm);
    let thrown;
    try {
      alice.menu.call({});
    } catch (error) {
      thrown = error;
    }
    ok(thrown instanceof TypeError, `${thrown}`);
    equal(Array.isArray(alice.menu().entries), true);
    house.free();
  },
};
