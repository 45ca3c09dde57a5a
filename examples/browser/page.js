// A page with the CRM inside: no server is asked for anything but files.
import { Crm, CrmError, init } from "crm-js";

const TEXTS = {
  zh: {
    tag: "zh-CN", other: "English", product: "客户管理", skip: "跳到内容", mine: "我的客户", search: "名称或编号", order: "排序",
    newest: "最近创建", by_name: "按名称", longest_idle: "最久未跟进", customer: "客户", level: "级别", region: "地区", phone: "电话",
    last: "上次跟进", more: "更多", new: "快速新建", name: "名称", contact: "联系人", said: "首次跟进", create: "新建客户",
    memory: "数据只在本页内存中，关闭即失。", none: "还没有客户", no_match: "没有符合条件的客户", never: "从未", created: "已新建",
  },
  en: {
    tag: "en", other: "中文", product: "Customers", skip: "Skip to content", mine: "My customers", search: "Name or number", order: "Order",
    newest: "Newest", by_name: "By name", longest_idle: "Longest idle", customer: "Customer", level: "Level", region: "Region", phone: "Phone",
    last: "Last follow-up", more: "More", new: "Quick create", name: "Name", contact: "Contact", said: "First follow-up", create: "Create",
    memory: "The data is in the memory of this page and gone when it is closed.", none: "No customers yet", no_match: "No customers match", never: "never", created: "Created:",
  },
};
const PAGE = 20;
const at = (id) => document.getElementById(id);
let language = navigator.language.startsWith("zh") ? "zh" : "en";
const t = (word) => TEXTS[language][word];

await init();
const crm = new Crm();
const organisation = "acme";
const host = crm.asSystem(organisation, "set-up");
host.createOrganisation({ name: "Acme", language: "zh" });
host.syncPeople([{ id: "wang", name: "王晓梅" }], "whole");
const me = crm.asUser(organisation, "wang");
setInterval(() => crm.tickAll(), 60_000);

for (const [name, level, region, phone, said] of [
  ["杭州云帆科技有限公司", "a", "浙江杭州", "0571-8888 0001", "电话沟通，下周报价"],
  ["上海远景信息技术股份有限公司", "b", "上海", "021-6666 0002", undefined],
  ["Globex Trading Ltd", "c", undefined, undefined, "Met at the fair"],
]) {
  add({ name, level, region, phones: phone ? [phone] : [] }, said);
}

function add(customer, said) {
  const created = me.createCustomer(customer);
  if (said) me.followUp(created.id, { content: said });
  return created;
}

const levels = () => me.dictionaries().filter((entry) => entry.dictionary === "level" && !entry.retired);

/** A cell of the list; an absent value shows as a dash. */
function cell(label, value) {
  const td = document.createElement("td");
  td.dataset.label = t(label);
  if (value) {
    td.append(value);
  } else {
    const none = document.createElement("span");
    none.className = "none";
    none.textContent = label === "last" ? t("never") : "—";
    td.append(none);
  }
  return td;
}

function row(customer, names) {
  const tr = document.createElement("tr");
  const th = document.createElement("th");
  th.scope = "row";
  const number = document.createElement("small");
  number.textContent = customer.number;
  th.append(customer.name, number);
  let chip;
  if (customer.level) {
    chip = document.createElement("span");
    chip.className = "chip";
    chip.textContent = names.get(customer.level) ?? customer.level;
  }
  const last =
    customer.last_follow_up_at &&
    new Intl.DateTimeFormat(t("tag"), { dateStyle: "short", timeStyle: "short" }).format(new Date(customer.last_follow_up_at));
  tr.append(th, cell("level", chip), cell("region", customer.region), cell("phone", customer.phones[0]), cell("last", last));
  return tr;
}

let next;

function show(cursor) {
  const text = at("text").value.trim();
  const query = { view: { kind: "mine" }, filter: text ? { text } : {}, order: at("order").value };
  const page = me.customers(query, { size: PAGE, count: true, ...(cursor && { cursor }) });
  const names = new Map(levels().map((entry) => [entry.code, entry.label]));
  const rows = page.items.map((customer) => row(customer, names));
  if (cursor) at("rows").append(...rows);
  else at("rows").replaceChildren(...rows);
  next = page.next;
  at("foot").hidden = next === undefined;
  at("count").textContent = `${page.count.value}${page.count.exact ? "" : "+"}`;
  at("list").hidden = page.items.length === 0 && !cursor;
  at("none").hidden = !at("list").hidden;
  at("none").firstElementChild.textContent = t(text ? "no_match" : "none");
}

function say(text, problem) {
  const notice = at("notice");
  notice.textContent = text;
  notice.className = `notice ${problem ? "problem" : "done"}`;
  notice.hidden = text === "";
}

/** Shows an error at the fields that it names, else above the page. */
function tell(error) {
  if (!(error instanceof CrmError)) throw error;
  const fields = [];
  for (const { field } of error.violations) {
    const name = { "contacts[0].name": "contact", "phones[0]": "phone", content: "said" }[field.replace(/^customer\./, "")] ?? field.replace(/^customer\./, "");
    const input = at("create").elements.namedItem(name);
    if (input) fields.push(input);
  }
  for (const input of fields) {
    input.setAttribute("aria-invalid", "true");
    input.closest(".field").classList.add("wrong");
    input.closest(".field").querySelector(".error").textContent = error.texts[language];
  }
  if (fields.length === 0) say(error.texts[language], true);
  else fields[0].focus();
}

function clear() {
  say("", false);
  for (const field of at("create").querySelectorAll(".wrong")) {
    field.classList.remove("wrong");
    field.querySelector("[aria-invalid]").removeAttribute("aria-invalid");
    field.querySelector(".error").textContent = "";
  }
}

/** The customer that was created, while its first follow-up is still refused. */
let begun;

at("create").addEventListener("submit", (event) => {
  event.preventDefault();
  clear();
  const given = Object.fromEntries(
    [...new FormData(event.target)].map(([name, value]) => [name, value.trim() || undefined]),
  );
  const { name = "", level, region, phone, contact, said } = given;
  const phones = phone ? [phone] : [];
  try {
    // Two commands: where the second is refused, sending the form again goes on with the customer of the first.
    begun ??= me.createCustomer({ name, level, region, phones, contacts: contact ? [{ name: contact }] : [] });
    if (said) me.followUp(begun.id, { content: said });
    event.target.reset();
    say(`${t("created")} ${begun.name}`, false);
    begun = undefined;
    at("name").focus();
  } catch (error) {
    tell(error);
  }
  show();
});
at("filter").addEventListener("submit", (event) => event.preventDefault());
at("text").addEventListener("input", () => show());
at("order").addEventListener("change", () => show());
at("more").addEventListener("click", () => show(next));
at("language").addEventListener("click", () => {
  language = language === "zh" ? "en" : "zh";
  speak();
});

function speak() {
  document.documentElement.lang = t("tag");
  document.title = t("product");
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = t(part.dataset.text);
  at("language").textContent = t("other");
  const chosen = at("level").value;
  at("level").replaceChildren(new Option("—", ""), ...levels().map((entry) => new Option(entry.label, entry.code)));
  at("level").value = chosen;
  clear();
  show();
}

// Where there is no room beside the list, the form waits folded above it.
at("quick").open = matchMedia("(min-width: 901px)").matches;
speak();
