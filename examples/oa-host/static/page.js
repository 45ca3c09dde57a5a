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
  const rows = () => all.closest("form").querySelectorAll(`input[name="${all.dataset.all}"]`);
  all.addEventListener("change", () => {
    for (const row of rows()) row.checked = all.checked;
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
