// A personal link keeps its token behind "#", which no browser sends: it is posted from here, and taken out of the
// address and the history first.
(function () {
  "use strict";
  var form = document.getElementById("link-form");
  var found = /^#t=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (!form || !found) {
    return;
  }
  history.replaceState(null, "", location.pathname + location.search);
  form.elements.link.value = found[1];
  form.submit();
})();
