// Questions that another answer of the same page opens come and go while it is answered, and totals follow what is
// typed. What is open, and what a total is, the server says, by the rules it saves by; where it gives no answer, all
// questions are there and no total is. Without a script all are there, and totals stay as they came with the page.
// Nothing typed is taken away.
(function () {
  "use strict";
  var form = document.getElementById("page-form");
  var parts = form ? Array.prototype.slice.call(form.querySelectorAll("[data-opens]")) : [];
  var totals = form ? Array.prototype.slice.call(form.querySelectorAll("[data-total]")) : [];
  if (!(parts.length || totals.length) || !window.fetch) {
    return;
  }
  var last = 0;
  var waiting = null;

  function show(isOpen) {
    form.removeAttribute("data-asking");
    parts.forEach(function (part) {
      // A mistake has to be seen, also one in a question that closed since.
      part.hidden = !isOpen(part) && !part.querySelector(".usa-error-message");
    });
  }
  function tell(said) {
    totals.forEach(function (total) {
      var words = said[total.getAttribute("data-total")] || "–";
      // Said again only when it changed: a screen reader reads it out.
      if (total.textContent !== words) {
        total.textContent = words;
      }
    });
  }
  function all() {
    show(function () {
      return true;
    });
    tell({});
  }
  function ask() {
    var mine = ++last;
    clearTimeout(waiting);
    form.setAttribute("data-asking", "");
    var body = new FormData(form);
    form.querySelectorAll("input[type=file]").forEach(function (one) {
      body.delete(one.name);
    });
    parts.forEach(function (part) {
      body.append("_opens", part.getAttribute("data-opens"));
    });
    fetch(location.pathname + "/open", { method: "POST", body: body, credentials: "same-origin" })
      .then(function (answer) {
        return answer.ok ? answer.json() : Promise.reject(answer.status);
      })
      .then(function (said) {
        if (mine === last) {
          show(function (part) {
            return said.open.indexOf(part.getAttribute("data-opens")) >= 0;
          });
          tell(said.totals);
        }
      })
      .catch(function () {
        if (mine === last) {
          all();
        }
      });
  }
  document.addEventListener("change", ask);
  show(function (part) {
    return !part.hasAttribute("data-closed");
  });
  if (totals.length) {
    // While somebody types a number there is no change yet: asked once the typing rests.
    form.addEventListener("input", function () {
      clearTimeout(waiting);
      waiting = setTimeout(ask, 400);
    });
  }
})();
