// The page: what is typed, pinned and shown.
import { left, rows } from "./components/notes.js";

const [form, text, output, list] = ["pin", "text", "left", "notes"].map((id) => document.getElementById(id));
const limits = await (await fetch("shared/limits.json")).json();

async function show() {
  list.innerHTML = rows(await (await fetch("api/notes")).json());
}

function count() {
  output.textContent = left(text.value, limits.note.longest);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("api/notes", { method: "POST", body: JSON.stringify({ text: text.value }) });
  if (answer.ok) {
    text.value = "";
    count();
    await show();
  } else {
    output.textContent = (await answer.json()).error;
  }
});
text.addEventListener("input", count);
count();
await show();
document.body.dataset.ready = "yes";
