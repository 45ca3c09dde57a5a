// What must compile, and what must not. Checked by `tsc --noEmit` against the package as built.
import { companyName, Crm, CrmError, init, nameSimilarity, operations, pluginManifest, Session } from "crm-js";
import type { Calls, Customer, CustomerId, CustomerPage, Operations, View } from "crm-js";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const proved = <_ extends true>() => {};

await init();
await init(new Uint8Array());
await init(new URL("./crm.wasm", import.meta.url));

using crm = new Crm({ now: () => 0, entropy: () => new Uint8Array(16), log: { level: "warn", log: (e) => e.operation } });
new Crm({ panels: { panelRows: ({ source, size }) => ({ rows: [{ id: source, cells: [{ column: "name", text: `${size}` }] }] }) } });
new Crm({ directory: { searchPeople: (org, text, limit) => [{ id: org, name: text.slice(0, limit) }] } });
const alice: Session = crm.asUser("acme", "alice").idempotent("key").correlated("request");

// Arguments and answers are the records of the library.
const customer = alice.createCustomer({ name: "A", phones: ["1"], contacts: [{ name: "B", gender: "female" }] });
proved<Same<typeof customer, Customer>>();
proved<Same<ReturnType<Calls["customers"]>, CustomerPage>>();
proved<Same<Parameters<Calls["customer"]>, [CustomerId]>>();
proved<Same<Parameters<Calls["menu"]>, []>>();
const page = alice.customers({ view: { kind: "not_followed_for", days: 7 } }, { size: 50 });
const next: string | undefined = page.next;
const name: string = page.items[0]!.name;
const shortName: string | undefined = customer.short_name;
const tag: number = alice.acknowledgeEvents("outbox", 1);
alice.followUpWithReplies("id").replies;

// Arguments at the end that may be absent can be left out.
alice.people();
alice.people("ali");
alice.people(undefined);
alice.restoreCustomer(customer.id);
alice.removeContact("id", null);

// Every operation of the library has its method.
const byName: Record<keyof Operations, string> = {} as Record<keyof Operations, string>;
byName.create_customer;
operations().map((operation) => operation.arguments.join());
pluginManifest().rights.join();
companyName("云帆科技有限公司").brand.length;
nameSimilarity("云帆", "云凡").reasons.includes("same_sound");

try {
  alice.menu();
} catch (error) {
  if (error instanceof CrmError) {
    const code: string = error.code;
    const field: string | undefined = error.violations[0]?.field;
    const text: string = error.texts.zh + error.problem("zh").title;
    const cause: unknown = error.cause;
  }
}

// @ts-expect-error: there is no such operation
alice.destroyEverything();
// @ts-expect-error: methods are in camel case
alice.create_customer({ name: "A" });
// @ts-expect-error: a field that is not known
alice.createCustomer({ name: "A", colour: "red" });
// @ts-expect-error: a wrong type
alice.createCustomer({ name: 7 });
// @ts-expect-error: BigInt is no number
alice.acknowledgeEvents("outbox", 1n);
// @ts-expect-error: a date is no text
alice.followUp(customer.id, { content: "A", at: new Date() });
// @ts-expect-error: an argument is missing
alice.customer();
// @ts-expect-error: an argument too many
alice.customer(customer.id, true);
// @ts-expect-error: null where something must be
alice.customer(null);
// @ts-expect-error: a view that does not exist
const view: View = { kind: "theirs" };
// @ts-expect-error: a view that lacks its days
const idle: View = { kind: "not_followed_for" };
// @ts-expect-error: records keep the names of the HTTP API
customer.shortName;
// @ts-expect-error: an answer is no promise
alice.menu().then;
// @ts-expect-error: sessions come from a Crm
new Session();
// @ts-expect-error: errors come from the library
new CrmError("not_found");
// @ts-expect-error: a clock gives numbers
new Crm({ now: () => new Date() });
// @ts-expect-error: no such level
new Crm({ log: { level: "loud", log() {} } });
