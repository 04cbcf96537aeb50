import assert from "node:assert/strict";
import test from "node:test";

import { left, rows } from "../src/components/notes.js";

test("notes are shown as text, whatever is in them", () => {
  assert.equal(rows([{ text: "<b>&" }, { text: "two" }]), "<li>&lt;b&gt;&amp;</li><li>two</li>");
});

test("no notes are no rows", () => {
  assert.equal(rows([]), "");
});

test("the room that is left is counted", () => {
  assert.equal(left("four", 5), "1 left");
  assert.equal(left("fourteen", 5), "3 too many");
});
