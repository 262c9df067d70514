// Sends the browser on to this very computer with the answer of the provider, unchanged.
"use strict";

(function () {
  const port = document.querySelector("main").dataset.port;
  const told = new URLSearchParams(window.location.search);
  const isAnswer = told.has("state") && (told.has("code") || told.has("error"));
  if (!/^[0-9]{2,5}$/.test(port) || !isAnswer) {
    document.getElementById("title").textContent = "Nothing to do here";
    document.getElementById("text").textContent =
      "This page is opened by itself while an account is being connected.";
    return;
  }
  // Replaced, so that the code does not stay in the history of the browser.
  window.location.replace("http://127.0.0.1:" + port + "/callback" + window.location.search);
})();
