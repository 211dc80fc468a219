// Keys, focus and announcements. Every page works without this file; it only makes them fast.
"use strict";

const TYPING = "input:not([type=checkbox]), textarea, select, [contenteditable]";
let waitsForPlace = 0;
let isUnderWay = false;

const keysAreOn = () => document.body.dataset.keys !== "off";
const visible = (element) => element && element.getClientRects().length > 0;

function announce() {
  const live = document.getElementById("live");
  const told = [...document.querySelectorAll("#main [data-announce]")].map((element) => element.textContent.trim());
  const heading = document.querySelector("#main h1");
  const lines = [...told, heading ? heading.textContent.trim() : ""].filter(Boolean);
  if (live) live.textContent = lines.map((line) => (/[.!?]$/.test(line) ? line : `${line}.`)).join(" ");
}

function press(key) {
  if (isUnderWay) return true;
  const target = document.querySelector(`#main [data-key="${key}"]:not([disabled])`);
  if (!visible(target)) return false;
  if (target.matches("input:not([type=checkbox], [type=radio]), select")) (target.select || target.focus).call(target);
  else target.click();
  return true;
}

function moveRow(step) {
  const rows = [...document.querySelectorAll("#main [data-row]")].filter(visible);
  if (!rows.length) return false;
  const here = rows.indexOf(document.activeElement);
  const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step));
  rows[next].focus();
  rows[next].scrollIntoView({ block: "nearest" });
  return true;
}

function tickRow() {
  const tick = document.activeElement.closest("#main tr")?.querySelector("input[type=checkbox]");
  if (tick) tick.click();
  return Boolean(tick);
}

function moveTab(step) {
  const tabs = [...document.querySelectorAll("#main .tabs a")];
  const next = tabs[tabs.findIndex((tab) => tab.hasAttribute("aria-current")) + step];
  if (tabs.length && next) next.click();
  return Boolean(next);
}

function goTo(key) {
  const link = document.querySelector(`[data-go="${key}"]`);
  if (link) link.click();
  return Boolean(link);
}

function openSheet(id) {
  const sheet = document.getElementById(id);
  if (sheet && !sheet.open) { sheet.showModal(); sheet.dispatchEvent(new Event("shown")); }
  return Boolean(sheet);
}

function focusSearch() {
  const field = document.querySelector("#main input[type=search]") || document.getElementById("find");
  if (field) field.select();
  return Boolean(field);
}

function act(key) {
  if (waitsForPlace && Date.now() - waitsForPlace < 1500) {
    waitsForPlace = 0;
    if (goTo(key)) return true;
  }
  if (key === "g") { waitsForPlace = Date.now(); return true; }
  if (key === "/") return focusSearch();
  if (key === "?") return openSheet("keys-sheet");
  if (key === "j") return moveRow(1);
  if (key === "k") return moveRow(-1);
  if (key === "x" && tickRow()) return true;
  if (key === "[") return moveTab(-1);
  if (key === "]") return moveTab(1);
  return press(key);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.key.length !== 1) return;
  if (!keysAreOn() || event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  if (act(event.key)) event.preventDefault();
});

// Out of a reason, so that the next key decides: nothing is decided by the Enter that ends a sentence.
document.addEventListener("keydown", (event) => {
  if (!["Enter", "Escape"].includes(event.key) || !event.target.matches(".reason input")) return;
  if (!event.target.form?.querySelector("[data-inert]")) return;
  event.preventDefault();
  (document.querySelector("#main h1") || document.getElementById("main")).focus({ preventScroll: true });
});

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-opens], [data-drawer], [data-dismisses], [data-folds], [data-closes]");
  if (!target) return;
  const opened = target.hasAttribute("data-opens") && openSheet(target.dataset.opens);
  // Stopped here, on the way down, so that a boosted link doesn't lead away as well.
  if (opened || (target.hasAttribute("data-drawer") && openDrawer(target.href))) {
    event.preventDefault();
    event.stopPropagation();
  }
  if (target.hasAttribute("data-dismisses")) dismiss(target.closest(".toast"));
  if (target.hasAttribute("data-folds")) foldRail(target);
  if (target.hasAttribute("data-closes")) target.closest("dialog")?.close();
}, true);

// A link within a drawer's reach: its page opens beside this one, and without scripts by itself.
function openDrawer(address) {
  const drawer = document.getElementById("drawer");
  if (!drawer || !window.htmx) return false;
  htmx.ajax("GET", address, { target: "#drawer-body", select: "#main > *", swap: "innerHTML" }).then(() => {
    if (!drawer.open) drawer.showModal();
  });
  return true;
}

// What is typed beside an option chooses it.
function pick(event) {
  const option = event.target.dataset?.picks && document.getElementById(event.target.dataset.picks);
  if (option && event.target.value) option.checked = true;
}

document.addEventListener("input", pick);
document.addEventListener("change", pick);

// The page behind a drawer changes: what was open over it is done with.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target?.id === "main") document.getElementById("drawer")?.close();
});

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]");
  if (!button || !navigator.clipboard) return;
  const text = document.getElementById(button.dataset.copies).textContent.trim();
  await navigator.clipboard.writeText(text).catch(() => null);
  button.textContent = "Copied";
  const live = document.getElementById("live");
  if (live) live.textContent = `${text} is copied`;
});

function dismiss(toast) {
  toast?.remove();
  (document.querySelector("#main h1") || document.getElementById("main")).focus({ preventScroll: true });
}

function foldRail(button) {
  const folded = document.body.classList.toggle("folded");
  button.setAttribute("aria-pressed", String(folded));
  document.cookie = `rail=${folded ? "folded" : "open"}; path=/; max-age=31536000; samesite=strict`;
}

// One decision per press: while a form is under way no other can be sent, by key or by click.
function holdForms(held) {
  isUnderWay = held;
  for (const button of document.querySelectorAll("#main form button:not([data-inert]), #drawer-body form button")) button.disabled = held;
}

document.addEventListener("htmx:beforeRequest", (event) => {
  if (!(event.detail.elt instanceof HTMLFormElement)) return;
  holdForms(true);
  // Of the request itself: a form that the next page took the place of has no events left to tell.
  event.detail.xhr.addEventListener("loadend", () => holdForms(false));
});

document.addEventListener("htmx:afterRequest", () => {
  document.getElementById("offline")?.toggleAttribute("hidden", true);
});

document.addEventListener("htmx:sendError", () => {
  const offline = document.getElementById("offline");
  if (offline) offline.hidden = false;
});

document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.target && event.detail.target.id !== "main") return;
  const field = document.querySelector("#main [autofocus]");
  const heading = document.querySelector("#main h1") || document.getElementById("main");
  document.body.classList.toggle("wide", Boolean(document.querySelector("#main.wide")));
  (field || heading).focus({ preventScroll: true });
  announce();
});

document.addEventListener("DOMContentLoaded", () => {
  if (document.querySelector("#main [data-announce]")) announce();
});
