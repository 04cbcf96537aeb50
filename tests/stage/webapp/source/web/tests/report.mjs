// What Node's test runner tells, written as JUnit and Cobertura XML into reports/; beside it, a line per test.
import { mkdirSync, writeFileSync } from "node:fs";
import { relative } from "node:path";

const SIGNS = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const quoted = (text) => `"${String(text).replace(/[&<>"]/g, (sign) => SIGNS[sign])}"`;
// A file counts as a test only where it fails by itself, as by a mistake in its syntax.
const isFile = ({ name, details }) =>
  name.endsWith(".js") && (!details.error || details.error.failureType === "subtestsFailed");
const isProgram = (file) => file.path.includes("/src/");

function junit(tests) {
  const cases = tests.map(({ name, failed, seconds, why }) => {
    const inner = failed ? `<failure message=${quoted(why)}/>` : "";
    return `<testcase classname="web" name=${quoted(name)} time="${seconds}">${inner}</testcase>`;
  });
  const failures = tests.filter((one) => one.failed).length;
  return `<testsuite name="web" tests="${tests.length}" failures="${failures}">${cases.join("")}</testsuite>\n`;
}

function cobertura(files) {
  const sum = (name) => files.reduce((total, file) => total + file[name], 0);
  const [valid, covered] = [sum("totalLineCount"), sum("coveredLineCount")];
  const classes = files.map((file) => {
    const rate = file.coveredLineCount / file.totalLineCount;
    return `<class filename=${quoted(relative(process.cwd(), file.path))} line-rate="${rate}"/>`;
  });
  const rate = valid ? covered / valid : 0;
  return `<coverage lines-valid="${valid}" lines-covered="${covered}" line-rate="${rate}"><packages><package name="web"><classes>${classes.join("")}</classes></package></packages></coverage>\n`;
}

export default async function* report(events) {
  const tests = [];
  let files = [];
  for await (const { type, data } of events) {
    if ((type === "test:pass" || type === "test:fail") && data.details.type !== "suite" && !isFile(data)) {
      const failed = type === "test:fail";
      const why = failed ? (data.details.error.cause?.message ?? data.details.error.message) : "";
      tests.push({ name: data.name, failed, why, seconds: data.details.duration_ms / 1000 });
      yield `${failed ? "FAILED" : "ok"} ${data.name}\n`;
    } else if (type === "test:coverage") {
      files = data.summary.files.filter(isProgram);
    }
  }
  mkdirSync("reports", { recursive: true });
  writeFileSync("reports/web.xml", junit(tests));
  writeFileSync("reports/web-coverage.xml", cobertura(files));
}
