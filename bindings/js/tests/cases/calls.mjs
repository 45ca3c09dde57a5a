// What a developer of a page does with it.
import { equal, ok, refused, world } from "./check.mjs";

export const calls = {
  "a customer is created, found, followed up"(crm) {
    const { house, alice, bob } = world(crm);
    const customer = alice.createCustomer({ name: "杭州云帆科技有限公司", phones: ["0571-1"] });
    equal(alice.customer(customer.id), customer);
    const followUp = alice.followUp(customer.id, { content: "Called 😀" });
    equal(followUp.content, "Called 😀");
    const page = bob.customers({ view: { kind: "subordinates" } }, { size: 10, count: true });
    equal(page.items.map((item) => item.name), ["杭州云帆科技有限公司"]);
    equal(page.count, { value: 1, exact: true });
    // The new name is due to be taken into the index.
    equal(house.dueOrganisations(), ["acme"]);
    equal(house.tickAll(), { done: 0, failed: 0, more: false });
    equal(house.dueOrganisations(), []);
    house.free();
  },

  "every operation is a method, and nothing else is"(crm) {
    const { house, alice } = world(crm);
    const camel = (name) => name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase());
    const names = crm.operations().map((operation) => camel(operation.name));
    ok(names.length > 40, "few operations");
    const own = ["constructor", "idempotent", "correlated", "dispatch"];
    equal(Object.getOwnPropertyNames(crm.Session.prototype).sort(), [...names, ...own].sort());
    for (const name of names) equal(alice[name].name, name);
    equal(crm.pluginManifest().operations, crm.operations().map((operation) => operation.name));
    house.free();
  },

  "names of companies are understood without a CRM"(crm) {
    const name = crm.companyName("北斗星通導航技術（北京）股份有限公司");
    equal([name.region, name.brand, name.trade, name.legal_form], ["北京", "北斗星通", "导航技术", "股份有限公司"]);
    const alike = crm.nameSimilarity("杭州云帆科技有限公司", "杭州云凡科技有限公司");
    equal(alike.reasons, ["same_sound"]);
    ok(alike.score > 800 && alike.score < 1_000, `${alike.score}`);
    equal(crm.nameSimilarity("Acme Inc", "ACME, Inc.").score, 1_000);
    equal(crm.nameSimilarity("", "").score, 0);
    for (const wrong of [null, undefined, 5, "\ud800"]) {
      equal(refused(crm, "invalid", () => crm.companyName(wrong)).violations, [{ field: "name", code: "malformed" }]);
    }
  },

  "arguments at the end that may be absent can be left out, null or undefined"(crm) {
    const { house, alice } = world(crm);
    for (const answer of [alice.people(), alice.people(undefined), alice.people(null)]) equal(answer.length, 2);
    equal(alice.people("ali").map((person) => person.id), ["alice"]);
    const customer = alice.createCustomer({ name: "A", short_name: undefined });
    equal("short_name" in customer, false);
    equal(refused(crm, "invalid", () => alice.customer()).violations, [{ field: "customer", code: "required" }]);
    const many = refused(crm, "invalid", () => alice.customer(customer.id, true));
    equal(many.violations, [{ field: "arguments[1]", code: "not_allowed" }]);
    house.free();
  },

  "an idempotency key makes a repeat happen once, a correlation id goes to the events"(crm) {
    const { house, host, alice } = world(crm);
    const once = () => alice.idempotent("k1").correlated("request-7").createCustomer({ name: "Once" });
    equal(once().id, once().id);
    const error = refused(crm, "idempotency_key_reused", () => alice.idempotent("k1").createCustomer({ name: "Twice" }));
    equal(error.status, 409);
    const created = host.events("outbox", 100).filter((event) => event.kind === "customer_created");
    equal(created.map((event) => event.correlation_id), ["request-7"]);
    house.free();
  },

  "an error carries code, data, violations, both texts and the status"(crm) {
    const { house, alice, bob } = world(crm);
    const customer = bob.createCustomer({ name: "Bob's" });
    const hidden = refused(crm, "not_found", () => alice.customer(customer.id));
    equal(hidden.data, { id: customer.id, record: "customer" });
    equal([hidden.status, hidden.texts.zh, hidden.name], [404, "记录不存在", "CrmError"]);
    ok(hidden instanceof Error && hidden.stack.includes("check.mjs"), "no stack");
    equal(hidden.problem("en"), {
      type: "urn:crm:problem:not_found",
      title: "There is no such record",
      status: 404,
      code: "not_found",
      data: { id: customer.id, record: "customer" },
      violations: [],
    });
    equal(refused(crm, "forbidden", () => alice.tick()).data, { module: "settings", right: "manage_settings" });
    equal(refused(crm, "actor_unknown", () => house.asUser("acme", "nobody").menu()).status, 401);
    equal(refused(crm, "operation_unknown", () => alice.dispatch("no_such", "{}")).data, { operation: "no_such" });
    house.free();
  },

  "two CRMs know nothing of each other, and a closed one refuses"(crm) {
    const first = world(crm);
    const second = world(crm);
    first.alice.createCustomer({ name: "First" });
    equal(second.alice.customers({ view: { kind: "mine" } }, { size: 5 }).items, []);
    first.house.free();
    first.house.free();
    for (const call of [
      () => first.alice.menu(),
      () => first.house.asUser("acme", "alice"),
      () => first.house.tickAll(),
      () => first.house.dueOrganisations(),
    ]) {
      equal(refused(crm, "closed", call).texts.zh, "CRM 已关闭");
    }
    second.house[Symbol.dispose]();
    refused(crm, "closed", () => second.alice.menu());
  },
};
