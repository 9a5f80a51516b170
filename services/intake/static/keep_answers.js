// Answers survive a lost connection: what is typed is kept in this tab, a page that could not be sent is tried again
// until it is, and each save carries a rising number so that the server drops one that comes late.
(function () {
  "use strict";
  var form = document.getElementById("page-form");
  var words = document.getElementById("wm-offline");
  if (!form || !words || !window.fetch || !window.sessionStorage) {
    return;
  }
  var key = "waymark:" + location.pathname;
  // A safety text is offered once: when more is sent first, it is still where this page leads.
  var noticeKey = key + ":notice";
  var pause = 1000;
  var sending = false;
  var hasFile = Boolean(form.querySelector("input[type=file]"));

  function fields() {
    return Array.prototype.filter.call(form.elements, function (one) {
      return one.name && one.type !== "hidden" && one.type !== "file" && one.type !== "submit";
    });
  }
  function keep() {
    var kept = fields().map(function (one) {
      var ticks = one.type === "radio" || one.type === "checkbox";
      return [one.id || one.name, ticks ? one.checked : one.value, ticks];
    });
    sessionStorage.setItem(key, JSON.stringify(kept));
  }
  function restore() {
    var kept = sessionStorage.getItem(key);
    if (!kept) {
      return;
    }
    JSON.parse(kept).forEach(function (entry) {
      var one = document.getElementById(entry[0]) || form.elements[entry[0]];
      if (one && entry[2]) {
        one.checked = entry[1];
      } else if (one && !(one instanceof RadioNodeList)) {
        one.value = entry[1];
      }
    });
    document.dispatchEvent(new Event("change"));
  }
  function tell(name) {
    words.hidden = false;
    words.querySelector("p").textContent = words.getAttribute("data-" + name);
  }
  function typed() {
    return new URLSearchParams(new FormData(form)).toString();
  }
  // What is on the page now, with a number of its own: what was typed while an earlier send waited goes with it.
  function filled() {
    var body = new FormData(form);
    body.set("_queued", "yes");
    body.set("_seq", String(Date.now()));
    return { body: body, typed: typed() };
  }
  function send(page) {
    fetch(location.pathname, { method: "POST", body: page.body, credentials: "same-origin" }).then(
      function (answer) {
        if (answer.status >= 500) {
          later(page);
          return;
        }
        var ended = /\/s\//.test(answer.url);
        if (answer.ok && /\/notice\//.test(answer.url)) {
          sessionStorage.setItem(noticeKey, answer.url);
        }
        if (answer.ok && page.typed !== typed() && !ended) {
          send(filled());
          return;
        }
        sending = false;
        if (answer.ok) {
          var notice = sessionStorage.getItem(noticeKey);
          sessionStorage.removeItem(key);
          sessionStorage.removeItem(noticeKey);
          location.assign((!ended && notice) || answer.url);
        } else {
          // A page with mistakes, or a link that no longer works: let the server say so in full.
          form.submit();
        }
      },
      function () {
        later(page);
      }
    );
  }
  function later(page) {
    tell("waiting");
    pause = Math.min(pause * 2, 30000);
    setTimeout(function () {
      send(page.typed === typed() ? page : filled());
    }, pause);
  }
  form.addEventListener("input", keep);
  form.addEventListener("change", keep);
  form.addEventListener("submit", function (event) {
    if (hasFile) {
      return;
    }
    event.preventDefault();
    if (sending) {
      return;
    }
    sending = true;
    keep();
    send(filled());
  });
  window.addEventListener("online", function () {
    pause = 500;
  });
  restore();
})();
