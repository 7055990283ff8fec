import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const SERVER_URL = process.env.TRIBUNE_SERVER_URL ?? 'http://localhost:3000';

export default defineConfig({
  root: fileURLToPath(new URL('.', import.meta.url)),
  plugins: [react()],
  server: {
    proxy: {
      '/api': SERVER_URL,
      '/socket.io': { target: SERVER_URL, ws: true },
    },
  },
  build: {
    outDir: 'dist',
    // Small pictures stay files: the content security policy of a strict host may refuse `data:`.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
});
