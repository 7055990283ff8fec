import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const SERVER_URL = process.env.TRIBUNE_SERVER_URL ?? 'http://localhost:3000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  // The page finds its files from its <base>, wherever it is: a server puts a path there.
  base: './',
  plugins: [react()],
  server: {
    proxy: {
      '/api': SERVER_URL,
      '/live': SERVER_URL,
      '/socket.io': { target: SERVER_URL, ws: true },
    },
  },
  build: {
    outDir: 'dist',
    // Small pictures stay files: the content security policy of a strict host may refuse `data:`.
    assetsInlineLimit: 0,
    rolldownOptions: {
      output: {
        // Two files instead of thirty for what every page needs; the rest is split by when it is first used.
        advancedChunks: {
          groups: [
            {
              name: 'vendor',
              test: /node_modules\/(react|react-dom|scheduler|i18next|react-i18next|html-parse-stringify|void-elements|wouter|regexparam|use-sync-external-store)\//,
            },
            { name: 'base', test: /src\/(ui|hooks|i18n)\/(?!(en|fr|overlay)\b)|shared\/src/ },
          ],
        },
      },
    },
  },
});
