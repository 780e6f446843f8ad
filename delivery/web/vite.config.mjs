import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";
import gzip from "./build/gzip.mjs";
import licenses from "./build/licenses.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const hlsVersion = JSON.parse(readFileSync(here("node_modules/hls.js/package.json"), "utf8")).version;

// hls.js is built from its own sources so that what a live page never uses (subtitles, DRM,
// interstitials, CMCD, content steering) stays out: 120 kB instead of 180 kB compressed. Its ready
// "light" build is no choice, since it lacks alternative audio, which our playlists always have.
const hlsFeatures = {
  __VERSION__: JSON.stringify(hlsVersion),
  __USE_ALT_AUDIO__: "true",
  __USE_MEDIA_CAPABILITIES__: "true",
  __USE_CMCD__: "false",
  __USE_CONTENT_STEERING__: "false",
  __USE_EME_DRM__: "false",
  __USE_IFRAMES__: "false",
  __USE_INTERSTITIALS__: "false",
  __USE_M2TS_ADVANCED_CODECS__: "false",
  __USE_SUBTITLES__: "false",
  __USE_VARIABLE_SUBSTITUTION__: "false",
  __IN_WORKER__: "false",
  __HLS_WORKER_BUNDLE__: "undefined",
};

// Stable pieces that pages share; hls.js apart, so that our own changes leave it in the cache.
function chunkOf(id) {
  if (id.includes("/node_modules/")) return "hls";
  if (id.includes("/site/src/player/")) return "player";
  return id.includes("/site/src/lib/") || id.includes("/site/styles/base.css") ? "common" : undefined;
}

export default defineConfig({
  root: here("site"),
  define: hlsFeatures,
  resolve: { alias: [{ find: /^hls\.js$/, replacement: here("node_modules/hls.js/src/hls.ts") }] },
  // hls.js declares fields without a value in subclasses; they must not overwrite the parent's.
  esbuild: {
    legalComments: "none",
    tsconfigRaw: { compilerOptions: { target: "ES2022", useDefineForClassFields: false } },
  },
  build: {
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rollupOptions: {
      input: { index: here("site/index.html"), watch: here("site/watch.html"), embed: here("site/embed.html") },
      output: { manualChunks: chunkOf },
    },
  },
  plugins: [licenses(), gzip()],
  test: { include: ["test/**/*.test.ts"] },
});
