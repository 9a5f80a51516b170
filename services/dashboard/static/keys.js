// Keys of the staff pages. The map is the page itself: [data-key], [data-go], [data-tab] and [data-row] elements,
// so the help overlay can never say something else than what the keys do.
(() => {
  "use strict";
  const STORE = "waymark-keys-off";
  const on = () => localStorage.getItem(STORE) !== "1";
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const rows = () => all("main [data-row]");
  let at = -1;
  let goPending = 0;
  const POPOVERS = CSS.supports("selector(:popover-open)");

  const busy = (event) =>
    event.ctrlKey || event.metaKey || event.altKey ||
    event.target.closest("input:not([type=radio]):not([type=checkbox]), select, textarea, [contenteditable]") ||
    // Esc closes the menu that is open, and must not leave the page as well.
    document.querySelector("dialog[open]" + (POPOVERS ? ", :popover-open" : ""));

  function moveTo(next) {
    const list = rows();
    if (!list.length) return;
    list[at]?.classList.remove("at");
    at = Math.max(0, Math.min(list.length - 1, next));
    list[at].classList.add("at");
    list[at].scrollIntoView({ block: "nearest" });
    const target = list[at].querySelector("[data-open]") || list[at].querySelector("a, button");
    target?.focus({ preventScroll: true });
    sessionStorage.setItem("row:" + location.pathname, String(at));
  }

  function press(element) {
    if (element instanceof HTMLAnchorElement || element instanceof HTMLButtonElement) element.click();
    else element.focus();
  }

  function help() {
    const dialog = document.getElementById("keys");
    const list = dialog.querySelector("dl");
    list.replaceChildren();
    const add = (key, words) => {
      const pair = document.createElement("div");
      const dt = document.createElement("dt");
      const dd = document.createElement("dd");
      const cap = document.createElement("kbd");
      cap.textContent = key;
      dt.append(cap);
      dd.textContent = words;
      pair.append(dt, dd);
      list.append(pair);
    };
    add("?", "This overview");
    add("Ctrl K", "Go to a page, an action or a patient");
    if (rows().length) { add("j", "Next row"); add("k", "Row before"); add("Enter", "Open the row"); }
    if (document.querySelector("[data-search]")) add("/", "Search");
    all("[data-key]").forEach((one) => add(one.dataset.key, one.dataset.words || one.textContent.trim()));
    all("[data-tab]").forEach((one) => add("⇧ " + one.dataset.tab, one.firstChild.textContent.trim()));
    all("[data-go]").forEach((one) => add("g " + one.dataset.go, one.dataset.words));
    dialog.querySelector("[data-keys-on]").checked = on();
    dialog.showModal();
  }

  const palette = document.getElementById("palette");
  let asking = 0;

  function suggest() {
    const typed = palette.querySelector("[name=q]").value.trim().toLowerCase();
    const list = palette.querySelector("ul");
    list.replaceChildren();
    const found = [...all("[data-go]"), ...all("[data-key]")].filter((one) =>
      (one.dataset.words || one.textContent).toLowerCase().includes(typed));
    found.slice(0, 9).forEach((one) => {
      const item = document.createElement("li");
      const link = document.createElement("a");
      link.href = "#";
      link.textContent = (one.dataset.words || one.textContent).trim();
      link.addEventListener("click", (event) => { event.preventDefault(); palette.close(); press(one); });
      item.append(link);
      list.append(item);
    });
    const mine = ++asking;
    const target = palette.querySelector(".palette-patients");
    if (typed.length < 3) { target.replaceChildren(); return; }
    setTimeout(async () => {
      if (mine !== asking) return;
      const form = palette.querySelector("form");
      const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers: { "X-Waymark-Part": "1" } });
      const text = answer.ok ? await answer.text() : "";
      if (mine !== asking) return;
      const parsed = new DOMParser().parseFromString(text, "text/html").body;
      target.replaceChildren(...parsed.childNodes);
    }, 180);
  }

  function openPalette() {
    palette.querySelector("[name=q]").value = "";
    palette.showModal();
    suggest();
  }

  palette?.addEventListener("input", suggest);
  palette?.addEventListener("submit", (event) => {
    const first = palette.querySelector("li a");
    if (first) { event.preventDefault(); event.stopPropagation(); first.click(); }
  });
  palette?.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    event.preventDefault();
    const links = all("li a", palette);
    const place = links.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
    (place < 0 ? palette.querySelector("[name=q]") : links[Math.min(place, links.length - 1)])?.focus();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k" && palette) {
      event.preventDefault();
      if (palette.open) palette.close(); else openPalette();
      return;
    }
    if (event.key === "?" && !busy(event)) { event.preventDefault(); help(); return; }
    if (!on() || busy(event)) return;
    const key = event.key;
    if (goPending && Date.now() - goPending < 1500) {
      goPending = 0;
      const page = all("[data-go]").find((one) => one.dataset.go === key);
      if (page) { event.preventDefault(); press(page); }
      return;
    }
    if (event.shiftKey && /^Digit[1-9]$/.test(event.code)) {
      const tab = document.querySelector(`[data-tab="${event.code.slice(5)}"]`);
      if (tab) { event.preventDefault(); press(tab); }
      return;
    }
    if (key === "j" || key === "k") { event.preventDefault(); moveTo(at + (key === "j" ? 1 : -1)); return; }
    if (key === "/") {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); search.select?.(); }
      return;
    }
    if (key === "g") { goPending = Date.now(); return; }
    const inRow = at >= 0 && rows()[at]?.querySelector(`[data-row-key="${CSS.escape(key)}"]`);
    const bound = inRow || document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (bound && !(key === "Enter" && event.target.closest("a, button"))) { event.preventDefault(); press(bound); }
  });

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-help]")) help();
    if (event.target.closest("[data-palette]")) openPalette();
    if (event.target.closest("[data-print]")) window.print();
    if (event.target.closest("[data-close]")) event.target.closest("dialog").close();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-on]")) {
      if (event.target.checked) localStorage.removeItem(STORE);
      else localStorage.setItem(STORE, "1");
    }
    // A clause's inputs follow its question and comparison: the server draws them anew.
    if (event.target.dataset.press) {
      const press = document.createElement("input");
      Object.assign(press, { type: "hidden", name: "press", value: event.target.dataset.press });
      event.target.form.append(press);
      event.target.form.noValidate = true;
      event.target.form.submit();
      return;
    }
    const form = event.target.closest("form[data-autosubmit]");
    if (form) form.requestSubmit();
  });
  // A form is sent once, however often its button is pressed.
  document.addEventListener("submit", (event) => {
    if (event.target.method !== "post") return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => all("form[data-sent]").forEach((form) => delete form.dataset.sent));

  const kept = sessionStorage.getItem("row:" + location.pathname);
  if (kept !== null && rows().length) {
    const list = rows();
    at = Math.min(Number(kept), list.length - 1);
    list[at].classList.add("at");
  }
})();
