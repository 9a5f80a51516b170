// The body picture is a second way to tick the boxes under it; the boxes are what is sent and what a keyboard uses.
(function () {
  "use strict";
  document.querySelectorAll("[data-body-map]").forEach(function (map) {
    var name = map.getAttribute("data-body-map");
    function box(region) {
      return document.getElementById("f-" + name + "-" + region);
    }
    function paint() {
      map.querySelectorAll("[data-region]").forEach(function (part) {
        var tick = box(part.getAttribute("data-region"));
        part.classList.toggle("wm-on", Boolean(tick && tick.checked));
      });
    }
    map.addEventListener("click", function (event) {
      var region = event.target.getAttribute && event.target.getAttribute("data-region");
      var tick = region && box(region);
      if (tick) {
        tick.checked = !tick.checked;
        tick.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
    document.addEventListener("change", paint);
    paint();
  });
})();
