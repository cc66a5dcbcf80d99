// The crash matrix: a server that is killed, or whose disk fails, at points all over its life, and what is left of what it has promised.
// Needs strace and the right to trace processes. `--help` tells the options.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { commandWords } from '../../support/command-words.ts'
import { startMariadb } from '../../support/peers/mariadb.ts'
import { createDatabase, mariadbUser } from '../../support/peers/mariadb-admin.ts'
import { requirePeer } from '../../support/peers/peers.ts'
import { projectFolder } from '../../support/project-files.ts'
import { complaint, type Done, isGood, matrixDocument, matrixText, withMatrix } from './report.ts'
import { type QueueKind, rowsOf } from './rows.ts'
import { startWorld } from './world.ts'

const { values } = commandWords('npm run test:crash-matrix -- [options]', {
  points: { type: 'string', default: '6', meaning: 'faults in a row; 1000 is every call' },
  queue: { type: 'string', default: '', meaning: 'queues that match: without a database, SQLite, MariaDB' },
  only: { type: 'string', default: '', meaning: 'rows that match, such as power|rename' },
  seed: { type: 'string', default: '1', meaning: 'chooses the points and the letters' },
  write: { type: 'boolean', default: false, meaning: 'put the table into docs/reliability.md' },
})
const [points, seed] = [Number(values.points), Number(values.seed)]
const wanted = new RegExp(values.only, 'i')
const kinds: readonly QueueKind[] = ['without a database', 'SQLite', 'MariaDB']
const done: Done[] = []

// Whoever interrupts it shall not leave servers behind.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

const strace = requirePeer('strace')
if (!strace.available) throw new Error(strace.title)
await using world = await startWorld()
for (const kind of kinds.filter((each) => new RegExp(values.queue, 'i').test(each))) await runKind(kind)

const date = new Date().toISOString().slice(0, 10)
const text = matrixText(done, { date, words: process.argv.slice(2) })
process.stdout.write(`\n${text}\n`)
const document = join(projectFolder, matrixDocument)
if (values.write) await writeFile(document, withMatrix(await readFile(document, 'utf8'), text))
process.exitCode = done.every(isGood) ? 0 : 1

async function runKind(kind: QueueKind): Promise<void> {
  const common = { kind, world, seed, points }
  if (kind !== 'MariaDB') {
    const databaseCall = async () => (kind === 'SQLite' ? 'database()' : undefined)
    return runRows(await rowsOf({ ...common, databaseCall }))
  }
  await using mariadb = await startMariadb()
  let series = 0
  const databaseCall = async (): Promise<string> => {
    const name = `mail_${series++}`
    await createDatabase(mariadb.socketPath, name)
    const options = {
      client: 'mysql',
      hosts: [{ socketPath: mariadb.socketPath }],
      ...mariadbUser,
      database: name,
    }
    // Shorter than the defaults, so that a round is.
    return `database(${JSON.stringify({ ...options, connectTimeout: '2s', queryTimeout: '4s' })})`
  }
  await runRows(await rowsOf({ ...common, databaseCall, mariadb }))
}

async function runRows(rows: Awaited<ReturnType<typeof rowsOf>>): Promise<void> {
  for (const row of rows.filter(({ kind, what, where }) => wanted.test(`${kind} ${what} ${where}`))) {
    const result = await row.run()
    done.push({ row, result })
    const { promised, lost, torn, strange, retold } = result.verdict
    const broken = lost.length + torn.length + strange.length + retold.length
    const numbers = `${result.points} points, ${promised} promised, ${broken} broken`
    process.stdout.write(`${row.kind}: ${row.what} at ${row.where}: ${numbers}\n`)
    const last = done.at(-1)
    if (last !== undefined && !isGood(last)) process.stdout.write(`${complaint(last)}\n`)
  }
}
