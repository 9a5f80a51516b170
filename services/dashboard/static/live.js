// A page with [data-live] reads itself again every 30 seconds: not while hidden, typing or in a menu, never moving the
// row under the cursor, and an answer that comes late is dropped.
(() => {
  "use strict";
  const EVERY = Number(document.querySelector("meta[name=live-every]")?.content || 30000);
  const region = () => document.querySelector("[data-live]");
  if (!region()) return;
  let asked = 0;
  let readAt = Date.now();

  const busy = () =>
    document.hidden ||
    document.querySelector("dialog[open], details.menu[open]") ||
    document.activeElement?.closest("input:not([type=hidden]), select, textarea");
  const ids = (node) => [...node.querySelectorAll("[data-row]")].map((row) => row.dataset.row).join();
  const changes = (a, b) => {
    const before = new Set(a.split(","));
    return b.split(",").filter((id) => id && !before.has(id)).length;
  };

  function say(words, onClick) {
    let note = document.getElementById("live-note");
    if (!note) {
      note = document.createElement("button");
      note.id = "live-note";
      note.type = "button";
      note.className = "live-note";
      note.setAttribute("aria-live", "polite");
      document.body.append(note);
    }
    note.textContent = words;
    note.onclick = () => { note.remove(); onClick?.(); };
  }

  async function read() {
    if (busy()) return;
    const mine = ++asked;
    const began = location.href;
    try {
      const answer = await fetch(began, { headers: { "X-Waymark-Refresh": "1" }, credentials: "same-origin" });
      if (answer.status === 401) { location.reload(); return; }
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-live]");
      if (mine !== asked || began !== location.href || busy() || !fresh) return;
      readAt = Date.now();
      const held = region().querySelector(".at, tr:focus-within");
      const before = ids(region());
      const after = ids(fresh);
      if (held && before !== after) {
        say(`${changes(before, after) || "Some"} changed, show`, () => region().replaceWith(fresh));
        return;
      }
      if (!held) region().replaceWith(fresh);
      document.getElementById("live-note")?.remove();
    } catch {
      if (Date.now() - readAt > 2 * EVERY) say(`Last read ${Math.round((Date.now() - readAt) / 60000)} min ago. Try again`, read);
    }
  }
  setInterval(read, EVERY);
})();
