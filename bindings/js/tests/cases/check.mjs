// Checks that run in Node and in browsers alike.
export class Failed extends Error {}

const written = (value) => JSON.stringify(value, (_, member) => (typeof member === "bigint" ? `${member}n` : member));

export function equal(found, expected, what = "") {
  if (written(found) !== written(expected)) {
    throw new Failed(`${what}\n     found ${written(found)}\n  expected ${written(expected)}`);
  }
}

export function ok(value, what) {
  if (!value) throw new Failed(what);
}

/** What a call throws: a `CrmError` with this code. */
export function refused(crm, code, call, what = "") {
  let answer;
  try {
    answer = call();
  } catch (thrown) {
    ok(thrown instanceof crm.CrmError, `${what} no CrmError but ${thrown}\n${thrown?.stack}`);
    equal(thrown.code, code, what);
    ok(thrown.texts.en !== "" && thrown.texts.zh !== "" && thrown.message !== "", `${what} says nothing`);
    return thrown;
  }
  throw new Failed(`${what} was answered: ${written(answer)}`);
}

/** An organisation with Alice and Bob, of whom Bob is above Alice. */
export function world(crm, options) {
  const house = new crm.Crm(options);
  const host = house.asSystem("acme", "set-up");
  host.createOrganisation({ name: "Acme" });
  host.syncPeople([{ id: "alice", name: "Alice" }, { id: "bob", name: "Bob" }], "whole");
  host.syncPositions(
    [{ id: "lead", name: "Lead", holders: ["bob"] }, { id: "sales", name: "Sales", parent: "lead", holders: ["alice"] }],
    "whole",
    false,
  );
  return { house, host, alice: house.asUser("acme", "alice"), bob: house.asUser("acme", "bob") };
}
