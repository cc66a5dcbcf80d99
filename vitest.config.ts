import { globSync, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { requireMariadb } from './test/support/peers/mariadb.ts'
import { useFastFiles } from './test/support/stores/fast-files.ts'

// What these name is handed to Node too: 'import' among them would give CommonJS packages ES modules.
const conditions = ['mailwright-source', 'node']

// Tests that ask for a database of the run's kind run a second time, on a real MariaDB.
const onDatabases = globSync(['{core,plugins,test}/**/*.test.ts'], { cwd: import.meta.dirname }).filter(
  (file) =>
    /from '[./\w-]+\/database-under-test\.ts'/.test(readFileSync(new URL(file, import.meta.url), 'utf8')),
)

useFastFiles()
// Threads and processes that run sources as they are take the types off them by WebAssembly; what is kept spares them that.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules/.cache/mailwright-tests')

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Many tests wait for other programs: one file more than there are cores keeps these at work.
    maxWorkers: availableParallelism() + 1,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['core/**/*.test.ts', 'plugins/**/*.test.ts'],
          // They leave nothing behind in their process, in which the next file goes on: modules are loaded once.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/peers/install-peers.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      ...(requireMariadb().available
        ? [
            {
              extends: true as const,
              test: {
                name: 'mariadb',
                include: onDatabases,
                globalSetup: ['test/support/peers/mariadb-setup.ts'],
                env: { MAILWRIGHT_TEST_DATABASE: 'mysql' },
                testTimeout: 120_000,
                hookTimeout: 300_000,
              },
            },
          ]
        : []),
    ],
  },
})

export default config
