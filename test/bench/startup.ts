// How long the example config takes to be ready, and what it needs when idle. Each run is a process of its own:
//   node --conditions=mailwright-source test/bench/startup.ts [runs]
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { temporaryProject } from '../support/project.ts'
import { projectFolder, readText } from '../support/project-files.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

// The compile cache is the one that core/cli/launch.mjs uses in a clone.
const runs = Number(process.argv[2] ?? 7)

/** Kibibytes of a process's memory: resident, and its proportional share of what is shared. */
async function memory(server: ServerProcess): Promise<{ rss: number; pss: number }> {
  const rollup = await readFile(`/proc/${server.pid}/smaps_rollup`, 'utf8')
  const read = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(rollup)?.[1] ?? 0)
  return { rss: read('Rss'), pss: read('Pss') }
}

const example = readText('config.example.ts').replaceAll(/port: \d+/g, 'port: 0')
await using project = await temporaryProject({ 'mailwright.config.ts': example })
const results: { start: number; rss: number; pss: number }[] = []
for (let run = 0; run <= runs; run++) {
  const began = performance.now()
  const server = await startServer(project.folder, [], {
    NODE_COMPILE_CACHE: join(projectFolder, 'node_modules/.cache/mailwright'),
  })
  const start = performance.now() - began
  await pause(2_000)
  // The first run makes the database, the key and the account, and warms the file cache.
  if (run > 0) results.push({ start, ...(await memory(server)) })
  else console.log(`first run ever  ready after ${start.toFixed(0)} ms`)
  await server.stop()
}
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
console.log(`median of ${runs}     ready after ${median(results.map((one) => one.start)).toFixed(0)} ms`)
console.log(
  `idle after 2 s  RSS ${(median(results.map((one) => one.rss)) / 1024).toFixed(1)} MiB, PSS ${(median(results.map((one) => one.pss)) / 1024).toFixed(1)} MiB`,
)
