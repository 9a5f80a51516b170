// The clinic's tablet: without a touch or a key for a while the page asks, then ends the visit. Without a script the
// page does the same by itself.
(function () {
  "use strict";
  var seconds = Number(document.body.getAttribute("data-kiosk-seconds"));
  var then = document.body.getAttribute("data-kiosk-then");
  var timer = 0;
  function again() {
    clearTimeout(timer);
    timer = setTimeout(function () {
      location.replace(then);
    }, seconds * 1000);
  }
  ["input", "click", "keydown", "scroll", "touchstart"].forEach(function (name) {
    document.addEventListener(name, again, { passive: true });
  });
  again();
})();
