// Pages work without this file. With it: the error summary takes the focus, and code can be copied.
"use strict";

document.querySelector(".error-summary")?.focus();

const status = document.createElement("p");
status.className = "visually-hidden";
status.setAttribute("role", "status");
document.body.append(status);

for (const code of document.querySelectorAll(".code[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button button--quiet code-block__copy";
  button.textContent = "Copy";
  button.setAttribute("aria-label", `Copy: ${code.getAttribute("aria-label") ?? "code"}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent);
      button.textContent = status.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(code);
      button.textContent = status.textContent = "Selected, press copy";
    }
    setTimeout(() => { button.textContent = "Copy"; status.textContent = ""; }, 2000);
  });
  const block = document.createElement("div");
  block.className = "code-block";
  code.before(block);
  block.append(code, button);
}

// The answer to an app that asked for it in a form.
document.querySelector("form[data-sends-itself]")?.submit();
