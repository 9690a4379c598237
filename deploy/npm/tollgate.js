#!/usr/bin/env node
// Runs the program that came with this package for this kind of machine.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const kind = `${process.platform}-${process.arch}`;
let program;
try {
  program = createRequire(import.meta.url).resolve(`tollgate-${kind}/bin/tollgate`);
} catch {
  console.error(`error: there is no program for ${kind} here: it comes as tollgate-${kind}, where there is one, and`);
  console.error("is left out by --omit=optional. Other ways to install it: docs/install.md");
  process.exit(1);
}
const running = spawn(program, process.argv.slice(2), { stdio: "inherit" });
// What a terminal sends goes to both, and the program decides what becomes of it; what is sent to this process alone is
// handed on.
process.on("SIGINT", () => {});
process.on("SIGHUP", () => {});
process.on("SIGTERM", () => running.kill("SIGTERM"));
running.on("error", (error) => {
  console.error(`error: run ${program}: ${error.message}`);
  process.exit(1);
});
running.on("close", (code) => process.exit(code ?? 1));
