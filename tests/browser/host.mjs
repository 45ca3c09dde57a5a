// Starts the host on a database of its own and a browser before it.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

function program() {
  const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");
  const path = process.env.OA_HOST_BIN ?? join(target, "debug", "oa-host");
  if (!existsSync(path)) throw new Error(`${path} is missing: cargo build -p oa-host`);
  return path;
}

/** A host that runs, with its address; `stop` ends it and removes its database. */
export async function startHost(...args) {
  const dir = mkdtempSync(join(tmpdir(), "oa-host-"));
  const child = spawn(program(), ["--database", `sqlite:${join(dir, "oa.db")}`, "--listen", "127.0.0.1:0", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: dir,
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  let said = "";
  const address = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`the host did not start: ${said}`)), 60_000);
    const look = (data) => {
      said += data;
      const found = said.match(/http:\/\/[\d.]+:\d+/);
      if (found) {
        clearTimeout(late);
        resolve(found[0]);
      }
    };
    child.stdout.on("data", look);
    child.stderr.on("data", look);
    ended.then((code) => reject(new Error(`the host ended with ${code}: ${said}`)));
  });
  return {
    address,
    async stop() {
      child.kill("SIGTERM");
      const hard = setTimeout(() => child.kill("SIGKILL"), 15_000);
      await ended;
      clearTimeout(hard);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    // Chromium refuses its sandbox to root, and shared memory is small in containers.
    args: ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
  });
}

/** What went wrong behind a page: errors of scripts and of the policy, parts that are missing, failures of the host. */
export function watch(page, problems) {
  page.on("pageerror", (error) => problems.push(`${page.url()}: ${error}`));
  page.on("console", (message) => {
    // What could not be loaded is seen below, with its status.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      problems.push(`${page.url()}: ${message.text()}`);
    }
  });
  page.on("response", (response) => {
    const whole = response.request().isNavigationRequest();
    if (response.status() >= 500 || (response.status() >= 400 && !whole)) {
      problems.push(`${response.status()} ${response.request().method()} ${response.url()}`);
    }
  });
  page.on("requestfailed", (request) => {
    const why = request.failure()?.errorText;
    if (why !== "net::ERR_ABORTED") problems.push(`${why} ${request.url()}`);
  });
}
