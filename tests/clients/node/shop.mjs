// The shop as a process, on ports that the kernel chooses.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export const startShop = async (program) => {
  const folder = mkdtempSync(join(tmpdir(), "shop-"));
  const log = join(folder, "log");
  const portsFile = join(folder, "ports.json");
  const out = openSync(log, "w");
  const child = spawn(program, ["--http.port=0", "--grpc.port=0", "--admin.port=0", `--ports-file=${portsFile}`], { stdio: ["ignore", out, out] });
  const ended = new Promise((resolve) => child.once("exit", (code, signal) => resolve(code ?? signal)));
  process.once("exit", () => child.kill("SIGKILL"));
  for (let looks = 0; !existsSync(portsFile); ++looks) {
    if (child.exitCode !== null || looks === 3000) {
      child.kill("SIGKILL");
      throw new Error(`the shop does not serve:\n${readFileSync(log, "utf8")}`);
    }
    await pause(20);
  }
  return {
    ...JSON.parse(readFileSync(portsFile, "utf8")),
    stop: async () => {
      child.kill("SIGTERM");
      const code = await ended;
      const said = readFileSync(log, "utf8");
      rmSync(folder, { recursive: true });
      if (code !== 0) throw new Error(`the shop ended with ${code}:\n${said}`);
    },
  };
};
