import { defineConfig } from 'vitest/config';

const SECOND_MS = 1000;

/** Real workers and browsers share two cores: files that use them run one after the other. */
const oneAtATime = { fileParallelism: false, testTimeout: 30 * SECOND_MS, hookTimeout: 60 * SECOND_MS };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{shared,server,loadtest}/src/**/*.test.ts',
            'tools/*/src/**/*.test.ts',
            'server/quality/**/*.test.ts',
            'scripts/**/*.test.{ts,mjs}',
          ],
          sequence: { groupOrder: 0 },
          // Properties are tried a hundred times, also on a machine that does much else.
          testTimeout: 20 * SECOND_MS,
        },
      },
      {
        extends: './web/vite.config.ts',
        test: {
          name: 'web',
          root: 'web',
          environment: 'jsdom',
          include: ['src/**/*.test.{ts,tsx}'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          include: ['{server,loadtest}/test/**/*.integration.test.ts', 'tools/*/test/**/*.integration.test.ts'],
          sequence: { groupOrder: 1 },
          ...oneAtATime,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['e2e/**/*.spec.ts'],
          sequence: { groupOrder: 2 },
          ...oneAtATime,
          testTimeout: 120 * SECOND_MS,
          hookTimeout: 120 * SECOND_MS,
        },
      },
    ],
  },
});
