// Brings new texts in without reloading the page, so that what is being typed stays.
(function () {
  "use strict";
  var live = document.getElementById("live");
  if (!live || !window.fetch) { return; }
  var isThread = live.classList.contains("thread");
  function toEnd() { live.scrollTop = live.scrollHeight; }
  if (isThread) { toEnd(); }
  var shown = null;
  window.setInterval(function () {
    if (document.hidden || (!isThread && live.contains(document.activeElement))) { return; }
    fetch(live.dataset.source, { cache: "no-store" }).then(function (answer) {
      return answer.ok ? answer.text() : shown;
    }).then(function (html) {
      if (html === shown) { return; }
      var atEnd = live.scrollHeight - live.scrollTop - live.clientHeight < 80;
      shown = html;
      live.innerHTML = html;
      if (isThread && atEnd) { toEnd(); }
    }).catch(function () { /* the carrier is restarting: the next turn asks again */ });
  }, 1500);
}());
