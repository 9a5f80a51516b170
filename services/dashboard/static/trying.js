// A form with [data-try] is tried while it is filled in: what the draft would be like stands in #tried, what it says in
// words above it. Trying stores nothing; an answer that comes late is dropped. Without this script the button "Try it" does the same.
(() => {
  "use strict";
  const form = document.querySelector("form[data-try]");
  const shown = document.getElementById("tried");
  if (!form || !shown) return;
  let asked = 0;
  let waiting = 0;

  async function ask() {
    const mine = ++asked;
    const body = new FormData(form);
    body.set("press", "check");
    shown.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(location.href, { method: "POST", body });
      if (mine !== asked) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (mine !== asked) return;
      const fresh = parsed.getElementById("tried");
      const refused = parsed.querySelector("main [role=alert]");
      if (answer.redirected || (!fresh && !refused)) throw new Error(String(answer.status));
      shown.replaceChildren(...(refused ? [refused] : fresh.childNodes));
      const words = document.querySelector(".sentence-card");
      const said = parsed.querySelector(".sentence-card");
      if (words && said && !refused) words.replaceWith(said);
    } catch {
      if (mine !== asked) return;
      const note = document.createElement("p");
      note.className = "finding";
      note.textContent = "This could not be tried just now. What you typed is still here.";
      shown.replaceChildren(note);
    } finally {
      if (mine === asked) shown.removeAttribute("aria-busy");
    }
  }
  function later(event) {
    // A press that draws the form anew is on its way already.
    if (event?.target.dataset?.press) return;
    clearTimeout(waiting);
    waiting = setTimeout(ask, 600);
  }
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  if (form.dataset.try === "now") later();
})();
