// A program that commits rows to the database of a config until it is killed: `doomed-committer CONFIG TABLE RUN`. Each number
// that it writes to its descriptor 3 was acknowledged.
import { writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../config-file.ts'
import { errorText } from '../../errors.ts'
import { createHost } from '../../host.ts'
import { createLog } from '../../log.ts'
import { database } from '../../services/database.ts'
import { words } from './killed-writer.ts'

/** Its path. */
export const doomedCommitter: string = fileURLToPath(import.meta.url)

async function commitUntilKilled(file: string, table: string, run: number): Promise<void> {
  const { config, folder } = await loadConfig(dirname(file), file)
  // The rest of the system has no part in it.
  const plugins = config.plugins.filter(
    (plugin) => plugin && plugin.definition.provides?.some(({ name }) => name === database.name) === true,
  )
  const host = createHost({ ...config, plugins }, { folder, log: createLog('silent') })
  await host.start()
  const kept = host.service(database)
  for (let number = 1; ; number++) {
    await kept.transaction(async (knex) => {
      await knex(table).insert({ run, number })
    })
    writeSync(words, `${number}\n`)
  }
}

const [, program, file = '', table = '', run = ''] = process.argv
if (program === doomedCommitter)
  await commitUntilKilled(file, table, Number(run)).catch((error: unknown) => {
    writeSync(2, errorText(error))
    process.exit(1)
  })
