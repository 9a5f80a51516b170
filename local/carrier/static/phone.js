// Brings new texts in without reloading the page, so that what is being typed stays.
(function () {
  "use strict";
  var thread = document.getElementById("thread");
  if (!thread || !window.fetch) { return; }
  function toEnd() { thread.scrollTop = thread.scrollHeight; }
  toEnd();
  var shown = thread.innerHTML.trim();
  window.setInterval(function () {
    if (document.hidden) { return; }
    fetch(thread.dataset.source, { cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.text() : shown;
    }).then(function (html) {
      if (html.trim() === shown) { return; }
      var atEnd = thread.scrollHeight - thread.scrollTop - thread.clientHeight < 80;
      shown = html.trim();
      thread.innerHTML = html;
      if (atEnd) { toEnd(); }
    }).catch(function () { /* the carrier is restarting: the next turn asks again */ });
  }, 1500);
}());
