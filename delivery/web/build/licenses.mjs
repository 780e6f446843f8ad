import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes `licenses.txt`: the licence of every package whose code is in the bundle. */
export default function licenses() {
  return {
    name: "shardcast-licenses",
    apply: "build",
    generateBundle(_options, bundle) {
      const folders = new Set();
      for (const file of Object.values(bundle)) {
        if (file.type !== "chunk") continue;
        for (const [id, module] of Object.entries(file.modules)) {
          if (id.includes("/node_modules/") && module.renderedLength > 0) folders.add(packageFolder(id));
        }
      }
      const texts = [...folders].map(describe).sort();
      const intro = "Shardcast's pages contain code of these packages.\n";
      this.emitFile({ type: "asset", fileName: "licenses.txt", source: [intro, ...texts].join("\n") });
    },
  };
}

function packageFolder(id) {
  let folder = dirname(id.split("?")[0].replace(/^\0/, ""));
  while (!isPackage(folder)) folder = dirname(folder);
  return folder;
}

function isPackage(folder) {
  const manifest = join(folder, "package.json");
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).name !== undefined;
}

function describe(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).sort().find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "(no licence file in the package)";
  return `${"=".repeat(80)}\n${name} ${version} (${license})\n${"=".repeat(80)}\n${text}\n`;
}
