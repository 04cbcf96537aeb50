// How notes look.

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => SIGNS[sign]);
}

export function row(note) {
  return `<li>${escaped(note.text)}</li>`;
}

export function rows(notes) {
  return notes.map(row).join("");
}

export function left(text, longest) {
  const more = longest - text.length;
  return more >= 0 ? `${more} left` : `${-more} too many`;
}
