// How fast mail is taken and delivered into Maildirs beside a real Postfix and the bare package smtp-server: all on the same file
// system, each file synced, loaded by Postfix's smtp-source. They take turns at every figure; the median of some rounds
// counts. No figure is demanded: this is for docs/performance.md. Postfix has to be started by root.
// `npm run bench:smtp -- --help` tells the options.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { commandWords } from '../support/command-words.ts'
import { runProcess } from '../support/run-process.ts'
import { processorTime, proportionalMemory } from './process-tree.ts'
import { harakaSmtp } from './smtp-haraka.ts'
import { openSessions } from './smtp-idle.ts'
import { postfixSmtp } from './smtp-postfix.ts'
import { bareSmtp, deliveredTo, domain, mailwrightSmtp, type SmtpHost, takeAway } from './smtp-servers.ts'

const { values } = commandWords('npm run bench:smtp -- [options]', {
  only: { type: 'string', default: '', meaning: 'servers that match' },
  rows: { type: 'string', default: '', meaning: 'rows that match' },
  rounds: { type: 'string', default: '3', meaning: 'rounds, of which the median counts' },
  memory: { type: 'string', default: '1000', meaning: 'sessions for the figure of memory' },
  workers: { type: 'string', default: '2', meaning: 'worker processes' },
  haraka: { type: 'boolean', default: false, meaning: 'with a Haraka, too' },
  // Read where the server is started.
  profile: { type: 'string', meaning: 'a folder for profiles of the server' },
})
const rounds = Number(values.rounds)
const wanted = new RegExp(values.rows, 'i')
const only = new RegExp(values.only, 'i')

interface Row {
  readonly name: string
  readonly sessions: number
  readonly octets: number
  readonly messages: number
  readonly recipients: number
  readonly kept: boolean
}

function row(sessions: number, kibibytes: number, messages: number, more: Partial<Row> = {}): Row {
  const { recipients = 1, kept = true } = more
  const to = recipients === 1 ? '' : `, ${recipients} recipients`
  const name = `${kept ? 'kept' : 'fresh'}, ${sessions} × ${kibibytes} KiB${to}`
  return { name, sessions, octets: kibibytes * 1024, messages, recipients, kept }
}

const rows = [
  row(1, 4, 500),
  row(20, 4, 3000),
  row(100, 4, 3000),
  row(1, 100, 200),
  row(20, 100, 800),
  row(100, 100, 800),
  row(1, 4, 200, { recipients: 50 }),
  row(20, 4, 200, { recipients: 50 }),
  row(1, 4, 300, { kept: false }),
  row(20, 4, 2000, { kept: false }),
  row(100, 4, 2000, { kept: false }),
].filter(({ name }) => wanted.test(name))

interface Figure {
  /** Files in Maildirs a second, as far as the last one. */
  readonly rate: number
  /** Milliseconds of processor time a message. */
  readonly processor: number
}

async function measure(
  host: SmtpHost,
  { sessions, octets, messages, recipients, kept }: Row,
): Promise<Figure> {
  takeAway(host, join(folder, 'taken away'))
  const words = [
    ...(kept ? ['-d'] : []),
    ...['-s', `${sessions}`, '-m', `${messages}`, '-l', `${octets}`, '-f', `sender@client.example`],
    ...['-r', `${recipients}`, '-t', `u@${domain}`, `127.0.0.1:${host.port}`],
  ]
  const processor = processorTime(host.pid)
  const began = performance.now()
  const { code, stderr } = await runProcess('smtp-source', words, { folder: tmpdir() })
  if (code !== 0) throw new Error(`${host.name}: smtp-source ended with ${code}: ${stderr}`)
  while (deliveredTo(host) < messages * recipients) {
    if (performance.now() - began > 100_000)
      throw new Error(`${host.name} has delivered ${deliveredTo(host)} of ${messages * recipients} messages`)
    await pause(10)
  }
  const seconds = (performance.now() - began) / 1000
  const figure = {
    rate: (messages * recipients) / seconds,
    processor: (processorTime(host.pid) - processor) / messages,
  }
  await rested(host)
  return figure
}

// Milliseconds: who has had so few of the processor in so many does nothing more with what was delivered. Mailwright's log of
// deliveries is settled when nothing came for five seconds.
const [little, aWhile, longest] = [20, 6000, 30_000]

/** What is done with mail after its delivery would be at the cost of whoever is measured next. */
async function rested({ pid }: SmtpHost): Promise<void> {
  const until = performance.now() + longest
  for (let before = processorTime(pid); performance.now() < until; ) {
    await pause(aWhile)
    const now = processorTime(pid)
    if (now - before < little) return
    before = now
  }
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

async function compare(hosts: readonly SmtpHost[], one: Row): Promise<void> {
  const figures = new Map<SmtpHost, Figure[]>(hosts.map((host) => [host, []]))
  for (let round = 0; round < rounds; round++)
    for (const host of hosts) figures.get(host)?.push(await measure(host, one))
  const rates = hosts.map((host) => median(figures.get(host)?.map(({ rate }) => rate) ?? []))
  const texts = hosts.map((host, index) => {
    const processor = median(figures.get(host)?.map((figure) => figure.processor) ?? [])
    return `${host.name} ${Math.round(rates[index] ?? 0)}/s ${processor.toFixed(2)} ms`
  })
  const [ours = Number.NaN] = rates
  const ratios = hosts
    .slice(1)
    .map((host, index) => `${(ours / (rates[index + 1] ?? 0)).toFixed(2)}× ${host.name}`)
  console.log(`${one.name.padEnd(34)} ${[...texts, ...ratios].join(' | ')}`)
}

async function memory(host: SmtpHost, count: number): Promise<void> {
  const sockets = await openSessions(host.port, count)
  await pause(2000)
  const { kibibytes, processes } = proportionalMemory(host.pid)
  for (const socket of sockets) socket.destroy()
  console.log(
    `${count} open sessions: ${host.name} ${Math.round(kibibytes / 1024)} MiB in ${processes} processes`,
  )
}

const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'))
// Postfix's processes are not root's, and have to get at theirs.
await chmod(folder, 0o755)
const workers = Number(values.workers)
const makers = {
  mailwright: () => mailwrightSmtp(folder),
  ...(workers > 1 ? { workers: () => mailwrightSmtp(folder, workers) } : {}),
  postfix: () => postfixSmtp(folder),
  bare: () => bareSmtp(folder),
  ...(values.haraka ? { haraka: () => harakaSmtp(folder) } : {}),
}
const hosts: SmtpHost[] = []
try {
  for (const [name, make] of Object.entries(makers)) if (only.test(name)) hosts.push(await make())
  for (const one of rows) await compare(hosts, one)
  for (const host of hosts) if (Number(values.memory) > 0) await memory(host, Number(values.memory))
} finally {
  for (const host of hosts) await host[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
}
