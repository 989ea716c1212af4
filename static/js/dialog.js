// Questions in a dialog: asked once, answered by a button, Enter or Escape. The page behind is
// inert meanwhile, and the focus returns to where it was.

import { make } from "novate/dom";

// fields: nodes between the title and the buttons. isReady() holds the main button back.
// Resolves to true, or to false when the question was put away.
export function ask({ title, lines = [], fields = [], action, tone = "primary", isReady = () => true }) {
  return new Promise((resolve) => {
    const heading = make("h2", { id: "dialog-title" }, title);
    const yes = make("button", { class: `button ${tone}`, type: "submit", value: "yes" }, action);
    const no = make("button", { class: "button", type: "button", onclick: () => box.close() }, "Keep as it is");
    const form = make("form", { method: "dialog", class: "question" }, heading,
      ...lines.map((line) => make("p", {}, line)), ...fields, make("div", { class: "answers" }, no, yes));
    const box = make("dialog", { class: "ask", "aria-labelledby": "dialog-title" }, form);
    const check = () => { yes.disabled = !isReady(); };
    form.addEventListener("input", check);
    form.addEventListener("submit", (event) => { if (!isReady()) event.preventDefault(); });
    box.addEventListener("click", ({ target }) => target === box && box.close());
    box.addEventListener("close", () => { box.remove(); resolve(box.returnValue === "yes"); });
    document.body.append(box);
    check();
    box.showModal();
    (form.querySelector("input") ?? yes).focus();
  });
}

// A labelled field of such a question.
export function field(label, unit, properties = {}) {
  const input = make("input", { type: "text", inputmode: "decimal", autocomplete: "off", spellcheck: "false", ...properties });
  return { input, node: make("label", { class: "field" }, make("span", {}, label), input, make("span", { class: "unit" }, unit)) };
}
