// The host's own functions: called on the way, failing, calling back.
import { equal, ok, refused, world } from "./check.mjs";

export const host = {
  "clock and random source are the host's, so that answers can be foretold"(crm) {
    let drawn = 0;
    const entropy = () => {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setUint32(12, drawn++);
      return bytes;
    };
    const make = () => {
      drawn = 0;
      const { house, alice } = world(crm, { now: () => 1_795_395_600_000, entropy });
      const customer = alice.createCustomer({ name: "A" });
      house.free();
      return customer;
    };
    const customer = make();
    equal(make(), customer);
    equal(customer.created_at, "2026-11-23T01:00:00.000Z");
  },

  "without them ids differ and the time is now"(crm) {
    const { house, alice } = world(crm);
    const from = Date.now();
    const made = Array.from({ length: 100 }, (_, i) => alice.createCustomer({ name: `C${i}` }));
    equal(new Set(made.map((customer) => customer.id)).size, 100);
    const at = Date.parse(made[99].created_at);
    ok(at >= from && at <= Date.now(), made[99].created_at);
    house.free();
  },

  "what the host throws is the cause of the error, and the next call is carried out"(crm) {
    const thrown = new RangeError("the clock stands");
    let broken = false;
    const now = () => {
      if (broken) throw thrown;
      return Date.now();
    };
    const { house, alice } = world(crm, { now });
    broken = true;
    const error = refused(crm, "unavailable", () => alice.createCustomer({ name: "A" }));
    ok(error.cause === thrown, `the cause is ${error.cause}`);
    equal([error.data, error.status], [{ retryable: "false" }, 503]);
    broken = false;
    equal(alice.createCustomer({ name: "A" }).name, "A");
    equal(refused(crm, "not_found", () => alice.contact("00000000-0000-7000-8000-000000000000")).cause, undefined);
    house.free();
  },

  "what the host gives is checked"(crm) {
    for (const [now, what] of [
      [() => NaN, "NaN"],
      [() => "1795395600000", "a text"],
      [() => 1795395600000n, "a BigInt"],
      [() => undefined, "nothing"],
      [async () => 0, "a promise"],
      [() => 1e18, "a time beyond 9999"],
      [() => -Infinity, "minus infinity"],
    ]) {
      const house = new crm.Crm({ now });
      refused(crm, "unavailable", () => house.asSystem("acme", "x").createOrganisation({ name: "A" }), what);
      house.free();
    }
    for (const entropy of [() => new Uint8Array(15), () => [], () => "0123456789abcdef", () => null, () => new Uint16Array(16)]) {
      refused(crm, "unavailable", () => world(crm, { entropy }).alice.createCustomer({ name: "A" }));
    }
    for (const options of [
      { now: 5 },
      { entropy: {} },
      { log: {} },
      { log: { level: "loud", log() {} } },
      { directory: {} },
      { panels: {} },
      null,
      7,
    ]) {
      equal(refused(crm, "invalid", () => new crm.Crm(options), JSON.stringify(options)).status, 422);
    }
  },

  "the log hears of calls from its level on, and its own failure stays its own"(crm) {
    const heard = [];
    const { house, alice } = world(crm, { log: { level: "debug", log: (entry) => heard.push(entry) } });
    heard.length = 0;
    alice.correlated("r1").createCustomer({ name: "Secret" });
    try {
      alice.customer("00000000-0000-7000-8000-000000000000");
    } catch {}
    equal(heard, [
      { level: "info", operation: "create_customer", organisation: "acme", actor: "alice", correlation_id: "r1" },
      { level: "debug", operation: "customer", organisation: "acme", actor: "alice", code: "not_found" },
    ]);
    house.free();

    const told = [];
    const loud = console.error;
    console.error = (...words) => told.push(words);
    try {
      const log = () => {
        throw new Error("disk full");
      };
      const failing = world(crm, { log: { log } });
      equal(failing.alice.createCustomer({ name: "A" }).name, "A");
      ok(told.length > 0 && told[0][1].message === "disk full", "the console heard nothing");
      failing.house.free();
    } finally {
      console.error = loud;
    }
  },

  "people are looked for in the host's directory"(crm) {
    let answer = () => [{ id: "alice", name: "Alice" }, { id: "zoe", name: "Zoe 张", department: "R&D" }];
    const asked = [];
    const searchPeople = (...words) => {
      asked.push(words);
      return answer();
    };
    const { house, alice } = world(crm, { directory: { searchPeople } });
    equal(alice.searchPeople("o"), [
      { id: "alice", name: "Alice", known: true },
      { id: "zoe", name: "Zoe 张", department: "R&D", known: false },
    ]);
    equal(asked[0].slice(0, 2), ["acme", "o"]);
    const thrown = new Error("LDAP is down");
    for (const [bad, cause] of [
      [() => null],
      [() => [{ id: 7, name: "A" }]],
      [() => [{ id: "a", name: NaN }]],
      [() => Promise.resolve([])],
      [
        () => {
          throw thrown;
        },
        thrown,
      ],
    ]) {
      answer = bad;
      const error = refused(crm, "unavailable", () => alice.searchPeople("o"));
      if (cause) ok(error.cause === cause, `the cause is ${error.cause}`);
    }
    house.free();
  },

  "the rows of a panel are the host's"(crm) {
    let answer = () => ({ rows: [{ id: "1", cells: [{ column: "name", text: "一期" }] }], next: asked.length === 1 ? "1" : null });
    const asked = [];
    const panelRows = (question) => {
      asked.push(question);
      return answer();
    };
    const { house, alice } = world(crm, { panels: { panelRows } });
    const host = house.asSystem("acme", "test");
    const columns = [{ key: "name", label: "名称" }];
    const panel = host.savePanel({ title: "项目", source: "projects", columns });
    const customer = alice.createCustomer({ name: "A" });
    const page = alice.panelRows(customer.id, panel.id, { size: 1 });
    equal(page.items, [{ id: "1", cells: [{ column: "name", text: "一期" }] }]);
    alice.panelRows(customer.id, panel.id, { size: 1, cursor: page.next });
    equal([asked[1].source, asked[1].customer, asked[1].cursor, asked[1].size], ["projects", customer.id, "1", 1]);
    const thrown = new Error("the projects are down");
    for (const [bad, cause] of [
      [() => null],
      [() => ({ rows: [{ id: "1", cells: [{ column: "other", text: "x" }] }] })],
      [() => ({ rows: [{ id: 1, cells: [] }] })],
      [
        () => {
          throw thrown;
        },
        thrown,
      ],
    ]) {
      answer = bad;
      const error = refused(crm, "unavailable", () => alice.panelRows(customer.id, panel.id, { size: 1 }));
      if (cause) ok(error.cause === cause, `the cause is ${error.cause}`);
    }
    house.free();
  },

  "a call from within a call is answered, and keeps its own cause"(crm) {
    let inside;
    let asked = 0;
    const now = () => {
      asked += 1;
      const call = inside;
      inside = undefined;
      call?.();
      return Date.now();
    };
    const { house, alice } = world(crm, { now });
    inside = () => equal(alice.createCustomer({ name: "Inner" }).name, "Inner");
    equal(alice.createCustomer({ name: "Outer" }).name, "Outer");
    const names = alice.customers({ view: { kind: "mine" } }, { size: 9 }).items.map((item) => item.name);
    equal(names.sort(), ["Inner", "Outer"]);
    ok(asked > 2, "the clock was not asked");

    const thrown = new Error("outer");
    inside = () => {
      refused(crm, "not_found", () => alice.customer("00000000-0000-7000-8000-000000000000"));
      throw thrown;
    };
    ok(refused(crm, "unavailable", () => alice.createCustomer({ name: "No" })).cause === thrown, "another cause");
    house.free();
  },

  "calls within calls without end are refused before the stack is full"(crm) {
    let nest = false;
    const codes = new Set();
    const now = () => {
      if (nest) {
        try {
          alice.menu();
        } catch (error) {
          codes.add(error.code);
        }
      }
      return Date.now();
    };
    const { house, alice } = world(crm, { now });
    nest = true;
    ok(alice.menu().entries.length > 0, "no menu");
    equal([...codes], ["nested_too_deep"]);
    nest = false;
    equal(alice.createCustomer({ name: "A" }).name, "A");
    house.free();
  },

  "closed during a call, the call ends as it would and the next is refused"(crm) {
    let close = false;
    const now = () => {
      if (close) house.free();
      return Date.now();
    };
    const { house, alice } = world(crm, { now });
    close = true;
    equal(alice.createCustomer({ name: "Last" }).name, "Last");
    refused(crm, "closed", () => alice.createCustomer({ name: "Late" }));
  },
};
