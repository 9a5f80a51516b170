// Questions that another answer of the same page opens come and go while it is answered. What is open the server says,
// by the rules it saves by; without it, as without a script, all of them are there. Nothing typed is taken away.
(function () {
  "use strict";
  var form = document.getElementById("page-form");
  var parts = form ? Array.prototype.slice.call(form.querySelectorAll("[data-opens]")) : [];
  if (!parts.length || !window.fetch) {
    return;
  }
  var last = 0;

  function show(isOpen) {
    form.removeAttribute("data-asking");
    parts.forEach(function (part) {
      // A mistake has to be seen, also one in a question that closed since.
      part.hidden = !isOpen(part) && !part.querySelector(".usa-error-message");
    });
  }
  function all() {
    show(function () {
      return true;
    });
  }
  function ask() {
    var mine = ++last;
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
})();
