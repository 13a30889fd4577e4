import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

/** The build lands inside the Python package, so that the wheel carries it. */
export default defineConfig({
  base: "./",
  resolve: {
    alias: {
      "lru-cache": fileURLToPath(new URL("./src/data/shelf.ts", import.meta.url)),
      "@codemirror/autocomplete": fileURLToPath(new URL("./src/pages/explore/completion.ts", import.meta.url)),
    },
  },
  build: {
    outDir: "../src/tapewatch/console",
    emptyOutDir: true,
    target: "es2023",
    // One style sheet packs a third smaller than one for each page.
    cssCodeSplit: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // What most pages share is one file: a dozen small ones weigh more, and are asked for one by one.
    rolldownOptions: { output: { codeSplitting: { groups: [{ name: "common", test: /\/web\/src\/(parts|data|state)\// }] } } },
  },
  server: {
    // `npm run dev` shows the sources while a server on the usual port answers the APIs.
    proxy: { "/api": "http://127.0.0.1:7600", "/-": "http://127.0.0.1:7600" },
  },
  test: { environment: "happy-dom", include: ["tests/**/*.test.{ts,tsx}"] },
} as Parameters<typeof defineConfig>[0]);
