import { isAbsolute, join } from 'node:path'
import { database, definePlugin, type PluginFactory } from 'mailwright'
import { createConnection } from './connection.ts'
import { migrate } from './migrations.ts'
import { type DatabaseInput, type DatabaseOptions, parseOptions } from './options.ts'
import { sqlite } from './sqlite.ts'

export type { DatabaseInput, DatabaseOptions } from './options.ts'

/** An embedded SQLite database with the tables that the other plugins contribute. */
const plugin: PluginFactory<DatabaseInput> = definePlugin<DatabaseOptions, DatabaseInput>({
  name: 'database',
  provides: [database],
  parseOptions,
  setup({ provide, dataDir, migrations, clock, log }, options) {
    const file = isAbsolute(options.file) ? options.file : join(dataDir, options.file)
    const connection = createConnection(sqlite({ file, busyTimeout: options.busyTimeout, clock, log }), log)
    provide(database, connection)
    return {
      async start() {
        await connection.open()
        await migrate(connection, migrations, { clock, log })
      },
      stop: () => connection.close(),
    }
  },
})

export default plugin
