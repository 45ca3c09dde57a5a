// Comfort only: every page works without this file.
"use strict";

// A form that creates something is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.hasAttribute("data-once")) return;
  if (form.dataset.sent) {
    event.preventDefault();
    return;
  }
  form.dataset.sent = "1";
});

// Coming back by the browser's history, the form may be sent again.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// A box in the head of a table ticks all rows.
for (const all of document.querySelectorAll("input[data-all]")) {
  all.hidden = false;
  const rows = () => [...all.form.elements].filter((row) => row.name === all.dataset.all);
  all.addEventListener("change", () => {
    for (const row of rows()) row.checked = all.checked;
  });
}

// A condition takes what fits the field that is chosen for it.
for (const field of document.querySelectorAll("select[data-tests]")) {
  field.addEventListener("change", () => {
    const fitting = [...document.querySelectorAll("template[data-of]")].find((one) => one.dataset.of === field.value);
    const parts = fitting ? fitting.content.cloneNode(true) : document.createDocumentFragment();
    for (const part of parts.querySelectorAll("[name]")) part.name = `${field.dataset.prefix}${part.name}`;
    document.getElementById(field.dataset.tests).replaceChildren(parts);
  });
}

// A file that is too large is not sent first.
for (const file of document.querySelectorAll("input[data-most]")) {
  file.addEventListener("change", () => {
    const large = [...file.files].some((one) => one.size > Number(file.dataset.most));
    file.setCustomValidity(large ? file.dataset.tooLarge : "");
    file.reportValidity();
  });
}

// The first field that is wrong gets the focus.
const wrong = document.querySelector("[aria-invalid=true]");
if (wrong) wrong.focus();

const parsed = (html) => new DOMParser().parseFromString(html, "text/html").body.childNodes;

// Whom a customer or a contact is like is told below its name while one types. Without an answer the form stays as it is.
function tellDuplicates(region) {
  const form = region.closest("form");
  const button = form.querySelector('button[name="check"]');
  const names = (list) => list.split(" ").filter((name) => name !== "");
  const [called, ...others] = names(region.dataset.fields);
  const known = [called, ...others, ...names(region.dataset.along)];
  // The button asks for whom the form is; a contact that may come with it is asked for once there is one.
  const first = form.querySelector("[data-duplicates]") === region;
  const value = (name) => (new FormData(form).get(name) ?? "").trim();
  const worthAsking = () => [...value(called)].length > 1 || others.some((name) => value(name) !== "");
  let waiting;
  let asking;
  let told = "";
  let shown;

  const show = (html) => {
    // The same list is left alone: it would be read out again.
    if (html === shown) return;
    shown = html;
    const folded = region.querySelector("details");
    const link = region.contains(document.activeElement) && document.activeElement.getAttribute("href");
    region.replaceChildren(...parsed(html));
    const more = region.querySelector("details");
    if (more && folded) more.open = folded.open;
    if (link) ([...region.querySelectorAll("a")].find((one) => one.getAttribute("href") === link) ?? region).focus();
  };

  const ask = async (pressed) => {
    clearTimeout(waiting);
    const question = new URLSearchParams(known.map((name) => [name, value(name)]));
    if (!pressed && question.toString() === told) return;
    // What is still on its way answers an older question.
    asking?.abort();
    told = "";
    if (!pressed && !worthAsking()) return show("");
    const { signal } = (asking = new AbortController());
    const body = new URLSearchParams([...question, ["_csrf", value("_csrf")]]);
    if (pressed) body.set("check", "1");
    try {
      // Who has been signed out meanwhile would be led to another page.
      const answer = await fetch(region.dataset.duplicates, { method: "POST", body, signal, redirect: "error" });
      const html = await answer.text();
      if (signal.aborted) return;
      if (!answer.ok) throw new Error(`${answer.status}`);
      told = question.toString();
      show(html);
    } catch {
      if (signal.aborted) return;
      show("");
      if (!pressed) return;
      region.textContent = region.dataset.unavailable;
      shown = undefined;
    }
  };

  const soon = (event) => {
    // Letters of a syllable that is still being chosen are no name.
    if (event.isComposing || !known.includes(event.target.name)) return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 300, false);
  };
  form.addEventListener("input", soon);
  form.addEventListener("compositionend", soon);
  form.addEventListener("submit", () => clearTimeout(waiting));
  button?.addEventListener("click", async (event) => {
    event.preventDefault();
    await ask(first || worthAsking());
    if (first) region.focus();
  });
}
for (const region of document.querySelectorAll("[data-duplicates]")) tellDuplicates(region);

// How far a long work has come is told while it goes on; at its end the page shows what came of it.
function follow(region) {
  const ask = async () => {
    let soon = 1_000;
    try {
      const answer = await fetch(region.dataset.poll, { redirect: "error" });
      if (!answer.ok) throw new Error(`${answer.status}`);
      const html = await answer.text();
      // The marker of a page of what was found before is no longer good.
      if (html === "") return location.assign(location.pathname);
      region.replaceChildren(...parsed(html));
    } catch {
      // The host may be there again in a moment.
      soon = 10_000;
    }
    setTimeout(ask, document.hidden ? 10_000 : soon);
  };
  setTimeout(ask, 1_000);
}
for (const region of document.querySelectorAll("[data-poll]")) follow(region);

// How many reminders wait is told on a page that stays open, too.
function ring(bell) {
  const number = bell.querySelector(".ring");
  const ask = async () => {
    if (document.hidden) return;
    try {
      // Who has been signed out meanwhile would be led to another page.
      const answer = await fetch(bell.dataset.bell, { redirect: "error" });
      if (!answer.ok) return;
      const { badge, label } = await answer.json();
      number.textContent = badge;
      number.hidden = badge === "";
      bell.ariaLabel = bell.title = label;
    } catch {
      // The host may be there again in a minute.
    }
  };
  setInterval(ask, 60_000);
  document.addEventListener("visibilitychange", ask);
}
for (const bell of document.querySelectorAll("[data-bell]")) ring(bell);

// What is to be taken along is chosen at a click, or copied by a button.
for (const field of document.querySelectorAll("input[data-select]")) field.addEventListener("focus", () => field.select());
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const field = document.getElementById(button.dataset.copy);
    try {
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.copied;
    } catch {
      field.focus();
    }
  });
}

// Rows are put in order by dragging, by buttons, and by Alt with the arrow keys; the numbers by which they are sent follow.
for (const list of document.querySelectorAll("[data-sorts]")) {
  const rows = () => [...list.children];
  const number = () => {
    rows().forEach((row, place) => { row.querySelector("[data-place]").value = place; });
    list.closest("form").dispatchEvent(new Event("change"));
  };
  const move = (row, up) => {
    const other = up ? row.previousElementSibling : row.nextElementSibling;
    if (!other) return;
    if (up) other.before(row);
    else other.after(row);
    number();
  };
  for (const row of rows()) {
    row.querySelector(".place").hidden = true;
    row.querySelector(".moves").hidden = false;
    for (const button of row.querySelectorAll("[data-move]")) {
      button.addEventListener("click", () => {
        move(row, button.dataset.move === "up");
        button.focus();
      });
    }
  }
  list.addEventListener("keydown", (event) => {
    const row = event.target.closest(".laidrow");
    // There the keys open the list.
    if (event.target.matches("select")) return;
    if (!row || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    move(row, event.key === "ArrowUp");
    event.target.focus();
  });
  let dragged = null;
  let moved = false;
  list.addEventListener("dragstart", (event) => {
    if (!(event.target instanceof Element) || !event.target.matches(".laidrow")) return;
    dragged = event.target;
    moved = false;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });
  list.addEventListener("dragover", (event) => {
    const row = event.target.closest(".laidrow");
    if (!dragged || !row || row === dragged || row.parentElement !== list) return;
    event.preventDefault();
    moved = true;
    const box = row.getBoundingClientRect();
    if (event.clientY < box.top + box.height / 2) row.before(dragged);
    else row.after(dragged);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    dragged = null;
    if (moved) number();
  });
}

// What a form would lead to is shown beside it while it is filled in.
for (const form of document.querySelectorAll("form[data-preview]")) {
  let waiting = null;
  let asked = 0;
  const show = async () => {
    const mine = (asked += 1);
    const answer = await fetch(form.dataset.preview, { method: "POST", body: new URLSearchParams(new FormData(form)) }).catch(() => null);
    if (!answer || !answer.ok || mine !== asked) return;
    const html = await answer.text();
    if (mine === asked) document.getElementById(form.dataset.into).replaceChildren(...parsed(html));
  };
  const soon = () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 250);
  };
  form.addEventListener("change", soon);
  form.addEventListener("input", soon);
}

// Customers are told below the box on every page while one types; Enter without a choice opens the page of all.
function seek(form) {
  const box = form.querySelector("input");
  const list = form.querySelector("[role=listbox]");
  let waiting;
  let asking;
  let chosen = -1;
  for (const [name, value] of [["role", "combobox"], ["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-expanded", "false"]]) {
    box.setAttribute(name, value);
  }

  const choose = (place) => {
    const options = [...list.children];
    // Before the first and behind the last one is the box itself.
    if (place < -1) chosen = options.length - 1;
    else chosen = place < options.length ? place : -1;
    options.forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
    if (chosen < 0) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", options[chosen].id);
    options[chosen].scrollIntoView({ block: "nearest" });
  };
  const show = (found) => {
    const option = ({ href, name, said }, place) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      const more = document.createElement("small");
      item.id = `${list.id}-${place}`;
      item.setAttribute("role", "option");
      link.href = href;
      link.tabIndex = -1;
      link.textContent = name;
      more.textContent = said;
      link.append(more);
      item.append(link);
      return item;
    };
    list.replaceChildren(...found.map(option));
    list.hidden = found.length === 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
    choose(-1);
  };
  const close = () => {
    clearTimeout(waiting);
    asking?.abort();
    show([]);
  };
  const ask = async () => {
    asking?.abort();
    const text = box.value.trim();
    if (text === "") return show([]);
    const { signal } = (asking = new AbortController());
    try {
      // Who has been signed out meanwhile would be led to another page.
      const answer = await fetch(`${form.dataset.suggest}?${new URLSearchParams({ q: text })}`, { signal, redirect: "error" });
      const found = answer.ok ? await answer.json() : [];
      if (!signal.aborted) show(found);
    } catch {
      if (!signal.aborted) show([]);
    }
  };
  const soon = (event) => {
    // Letters of a syllable that is still being chosen are no text.
    if (event.isComposing) return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 150);
  };
  box.addEventListener("input", soon);
  box.addEventListener("compositionend", soon);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing || list.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(chosen + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      list.children[chosen].querySelector("a").click();
    }
  });
  form.addEventListener("submit", close);
  form.addEventListener("focusout", (event) => {
    if (!form.contains(event.relatedTarget)) close();
  });
  // A click on an answer must not take the focus away first: the list would be gone.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
}
for (const form of document.querySelectorAll("[data-suggest]")) seek(form);
