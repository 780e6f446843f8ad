import { gzipSync } from "fflate";

// Smaller files do not gain enough to be worth a second variant.
const WORTH_IT_BYTES = 512;

/**
 * Writes `name.gz` beside every text file of the bundle. fflate is plain JavaScript, so the bytes
 * are the same on every machine; Node's own zlib differs between versions and processors.
 */
export default function gzip() {
  return {
    name: "shardcast-gzip",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        for (const [fileName, file] of Object.entries(bundle)) {
          const source = file.type === "chunk" ? file.code : file.source;
          const bytes = typeof source === "string" ? new TextEncoder().encode(source) : source;
          if (bytes.length < WORTH_IT_BYTES) continue;
          const packed = gzipSync(bytes, { level: 9, mtime: 0 });
          if (packed.length < bytes.length) {
            this.emitFile({ type: "asset", fileName: `${fileName}.gz`, source: packed });
          }
        }
      },
    },
  };
}
