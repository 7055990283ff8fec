import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const SERVER_URL = process.env.TRIBUNE_SERVER_URL ?? 'http://localhost:3000';

/** Parts of libraries that take a twentieth of what a listener loads, and are never run: the page takes `leftOut.ts` in their place. */
const LEFT_OUT = [
  // engine.io-client: a room is heard over WebSockets, or not over Socket.IO at all.
  /^\.\/(polling-xhr|webtransport)(\.node)?\.js$/,
  // mediasoup-client: what its own tests use, and video.
  /^\.\/handlers\/FakeHandler$/,
  /^\.\/test\/fakeParameters$/,
  /^(fake-mediastreamtrack|h264-profile-level-id|debug)$/,
];

export default defineConfig(({ command }) => ({
  resolve: {
    alias:
      command === 'build'
        ? LEFT_OUT.map((find) => ({ find, replacement: fileURLToPath(new URL('leftOut.ts', import.meta.url)) }))
        : [],
  },
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
}));
