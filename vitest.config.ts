import { globSync, readFileSync } from 'node:fs'
import { defineConfig, type ViteUserConfig } from 'vitest/config'
import { requireMariadb } from './test/support/mariadb.ts'

// What these name is handed to Node too: 'import' among them would give CommonJS packages ES modules.
const conditions = ['mailwright-source', 'node']

// Tests that ask for a database of the run's kind run a second time, on a real MariaDB.
const onDatabases = globSync(['{core,plugins,test}/**/*.test.ts'], { cwd: import.meta.dirname }).filter(
  (file) =>
    /from '[./\w-]+\/database-under-test\.ts'/.test(readFileSync(new URL(file, import.meta.url), 'utf8')),
)

const config: ViteUserConfig = defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: { name: 'unit', include: ['core/**/*.test.ts', 'plugins/**/*.test.ts'] },
      },
      {
        extends: true,
        test: {
          name: 'system',
          include: ['test/**/*.test.ts'],
          globalSetup: ['test/support/install-peers.ts'],
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
                globalSetup: ['test/support/mariadb-setup.ts'],
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
