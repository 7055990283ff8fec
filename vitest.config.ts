import { defineConfig } from 'vitest/config';

const SECOND_MS = 1000;

/** Real workers and browsers share two cores: files that use them run one after the other. */
const oneAtATime = { fileParallelism: false, testTimeout: 30 * SECOND_MS, hookTimeout: 60 * SECOND_MS };

/** What they look at is answers and files, and hardly any sound: two of these files at a time change nothing. */
const SIDE_BY_SIDE = [
  'loadtest/test/{command,kinds,players,run}.integration.test.ts',
  'tools/{admin,bench,server-process,simulate}/test/**/*.integration.test.ts',
  'server/test/{abuse,admin,archive,base-path,clocks,cluster-store,database,first-light,handshake,http}.integration.test.ts',
  'server/test/{leading,live-cache,misconfigured-cluster,objects,operations,presence,preview,process}.integration.test.ts',
  'server/test/{quality,readiness,recordings,redis-access,redis-kinds,room-store,stage,stalled}.integration.test.ts',
];

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
          exclude: SIDE_BY_SIDE,
          sequence: { groupOrder: 1 },
          ...oneAtATime,
        },
      },
      {
        test: {
          name: 'integration-pairs',
          include: SIDE_BY_SIDE,
          sequence: { groupOrder: 3 },
          ...oneAtATime,
          fileParallelism: true,
          maxWorkers: 2,
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
