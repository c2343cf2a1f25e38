// Bundles the page into dist/: one script, one style sheet, one font, named by what they hold. Nothing is fetched at run time.
import { build } from "esbuild";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import path from "node:path";
import { createHash } from "node:crypto";

const here = path.dirname(fileURLToPath(import.meta.url));
const out = path.join(here, "dist");
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });

const result = await build({
  absWorkingDir: here,
  entryPoints: { page: "src/main.js" },
  outdir: "dist",
  bundle: true,
  format: "esm",
  target: ["es2022"],
  minify: true,
  legalComments: "none",
  metafile: true,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  publicPath: "/files",
  loader: { ".woff2": "file" },
  alias: { preact: "preact" },
  logLevel: "warning",
});

// The service worker stands at the root under a name that stays: a browser looks there for a newer one.
await build({ absWorkingDir: here, entryPoints: { sw: "src/sw.js" }, outdir: "dist", bundle: true, format: "iife", target: ["es2022"], minify: true, legalComments: "none", logLevel: "warning" });

const made = Object.keys(result.metafile.outputs).map((name) => path.basename(name));
const script = made.find((name) => name.endsWith(".js"));
const style = made.find((name) => name.endsWith(".css"));
const font = made.find((name) => name.endsWith(".woff2"));
const html = await readFile(path.join(here, "src/index.html"), "utf8");
const drawn = await readFile(path.join(here, "src/icon.svg"));
const icon = `icon-${createHash("sha256").update(drawn).digest("hex").slice(0, 8)}.svg`;
await writeFile(path.join(out, icon), drawn);
const manifest = await readFile(path.join(here, "src/manifest.webmanifest"), "utf8");
await writeFile(path.join(out, "manifest.webmanifest"), manifest.replace("{{icon}}", `/files/${icon}`));
await writeFile(
  path.join(out, "index.html"),
  html.replace("{{icon}}", `/files/${icon}`).replace("{{script}}", `/files/${script}`).replace("{{style}}", `/files/${style}`).replace("{{font}}", `/files/${font}`),
);
