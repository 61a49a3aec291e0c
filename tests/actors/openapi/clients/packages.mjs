// Installs the packages of the lock file beside this one into a build folder, once for each state of the lock file.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

export const installPackages = (buildFolder) => {
  mkdirSync(buildFolder, { recursive: true });
  const lock = readFileSync(join(here, "package-lock.json"));
  const mark = join(buildFolder, "installed");
  const wanted = createHash("sha256").update(lock).digest("hex");
  if (existsSync(mark) && readFileSync(mark, "utf8") === wanted) return;
  for (const name of ["package.json", "package-lock.json"]) copyFileSync(join(here, name), join(buildFolder, name));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: buildFolder, stdio: ["ignore", "inherit", "inherit"] });
  writeFileSync(mark, wanted);
};
