// How fast Mailwright is beside a real Dovecot, on copies of the same Maildir: the two take turns at every figure, so that what else
// the machine does meets both. The client reads nothing while the clock runs; the median of some rounds counts. No figure is
// demanded: this is for docs/performance.md.
// `npm run bench:imap -- --help` tells the options.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { commandWords } from '../support/command-words.ts'
import { fillMaildir } from './imap-corpus.ts'
import { idleMemory } from './imap-idle.ts'
import { pop3Rows } from './imap-pop3.ts'
import { Bench, median, type Row, rows } from './imap-rows.ts'
import { type BenchHost, type BenchServer, dovecotHost, mailwrightHost } from './imap-servers.ts'

const { values, positionals } = commandWords(
  'npm run bench:imap -- [options] [messages…]',
  {
    only: { type: 'string', meaning: 'servers that match' },
    rows: { type: 'string', default: '', meaning: 'rows that match' },
    rounds: { type: 'string', default: '3', meaning: 'rounds, of which the median counts' },
    idle: { type: 'string', default: '', meaning: 'numbers of idle sessions, with commas' },
    profile: { type: 'string', meaning: 'a folder for profiles of the server' },
  },
  true,
)
const sizes = positionals.length > 0 ? positionals.map(Number) : [1000]
const rounds = Number(values.rounds)
const wanted = new RegExp(values.rows, 'i')
const idleCounts = values.idle.split(',').filter(Boolean).map(Number)

/** A host with its server, which is started anew for what is measured cold. */
class Contestant {
  readonly host: BenchHost
  readonly #count: number
  #server: BenchServer | undefined
  #bench: Bench | undefined

  constructor(host: BenchHost, count: number) {
    this.host = host
    this.#count = count
  }

  async bench(): Promise<Bench> {
    this.#server ??= await this.host.start()
    this.#bench ??= new Bench(this.#server, this.#count)
    return this.#bench
  }

  async stop(): Promise<void> {
    this.#bench?.close()
    await this.#server?.[Symbol.asyncDispose]()
    this.#server = undefined
    this.#bench = undefined
  }

  /** One figure; undefined, and why, where there is none. */
  async measure(row: Row): Promise<number | undefined> {
    try {
      if (row.isCold === true) {
        await this.stop()
        this.host.forget()
      }
      return await row.measure(await this.bench())
    } catch (error) {
      console.warn(
        `  ${this.host.name}: ${row.name}: ${error instanceof Error ? error.message.trim() : error}`,
      )
      await this.stop()
      return undefined
    }
  }
}

async function run(count: number): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'))
  // Dovecot's processes are nobody's, and have to get at theirs.
  await chmod(folder, 0o755)
  const source = join(folder, 'source')
  await fillMaildir(source, count)
  const hosts = [await dovecotHost(folder, source), await mailwrightHost(folder, source)]
  const contestants = hosts
    .filter(({ name }) => values.only === undefined || values.only === name)
    .map((host) => new Contestant(host, count))
  console.log(
    `\n${count} messages${' '.repeat(24)}${contestants.map(({ host }) => host.name.padStart(12)).join('')}`,
  )
  try {
    for (const row of [...rows, ...pop3Rows]) if (wanted.test(row.name)) await show(row, contestants)
    for (const connections of idleCounts) await showIdle(connections, contestants)
  } finally {
    for (const contestant of contestants) await contestant.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

async function show(row: Row, contestants: readonly Contestant[]): Promise<void> {
  const figures = new Map<Contestant, number[]>(contestants.map((each) => [each, []]))
  for (let round = 0; round < (row.isCold === true ? 1 : rounds); round++) {
    for (const contestant of round % 2 === 0 ? contestants : contestants.toReversed()) {
      const figure = await contestant.measure(row)
      if (figure !== undefined) figures.get(contestant)?.push(figure)
    }
  }
  print(row.name, [...figures.values()].map(median), row.unit ?? '')
}

async function showIdle(connections: number, contestants: readonly Contestant[]): Promise<void> {
  const figures: number[] = []
  for (const contestant of contestants) {
    await contestant.stop()
    const { server } = await contestant.bench()
    figures.push(await idleMemory(server, connections).catch(noFigure))
    await contestant.stop()
  }
  print(`an idle connection of ${connections}, KiB`, figures, '')
}

function noFigure(error: unknown): number {
  console.warn(String(error).slice(0, 300))
  return Number.NaN
}

/** A line with a figure for each server, and how many times that of the first the last is. */
function print(name: string, figures: readonly number[], unit: string): void {
  const shown = figures.map((figure) =>
    (Number.isNaN(figure)
      ? '–'
      : `${figure.toFixed(figure < 10 ? 2 : figure < 100 ? 1 : 0)}${unit}`
    ).padStart(12),
  )
  const [first = Number.NaN, last = Number.NaN] = figures
  const ratio = figures.length === 2 ? last / first : Number.NaN
  console.log(
    `${name.padEnd(38)}${shown.join('')}${Number.isNaN(ratio) ? '' : `${ratio.toFixed(2)}×`.padStart(9)}`,
  )
}

for (const size of sizes) await run(size)
