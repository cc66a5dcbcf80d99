// How fast mail is taken and sent on beside a real Postfix: durable in both before their 250, from Postfix's smtp-source to its
// smtp-sink. They take turns at every figure; the median of some rounds counts. No figure is demanded: this is for
// docs/performance.md. It has to be started by root.
// `npm run bench:queue -- --help` tells the options.
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { commandWords } from '../support/command-words.ts'
import { freePort } from '../support/free-port.ts'
import { runProcess } from '../support/run-process.ts'
import { processorTime, proportionalMemory } from './process-tree.ts'
import {
  destinationDomain,
  mailwrightRelay,
  postfixRelay,
  type RelayHost,
  type StartRelay,
} from './queue-servers.ts'
import { type Sinks, startSinks } from './queue-sinks.ts'

const { values } = commandWords('npm run bench:queue -- [options]', {
  only: { type: 'string', default: '', meaning: 'servers that match' },
  rows: { type: 'string', default: '', meaning: 'rows that match' },
  rounds: { type: 'string', default: '3', meaning: 'rounds, of which the median counts' },
  waiting: { type: 'string', default: '10000', meaning: 'messages that wait' },
  // Read where the server is started.
  profile: { type: 'string', meaning: 'a folder for profiles of the server' },
})
const rounds = Number(values.rounds)
const rowsWanted = new RegExp(values.rows, 'i')
const only = new RegExp(values.only, 'i')
const makers: Readonly<Record<string, (folder: string, ports: readonly number[]) => StartRelay>> = {
  mailwright: mailwrightRelay,
  postfix: postfixRelay,
}

interface Row {
  readonly name: string
  readonly destinations: number
  readonly sessions: number
  readonly messages: number
  readonly octets: number
}

const rows: readonly Row[] = [
  { name: 'one destination, 20 × 4 KiB', destinations: 1, sessions: 20, messages: 2000, octets: 4096 },
  { name: 'one destination, 20 × 100 KiB', destinations: 1, sessions: 20, messages: 2000, octets: 102_400 },
  { name: '50 destinations, 50 × 4 KiB', destinations: 50, sessions: 1, messages: 2000, octets: 4096 },
]

interface Figure {
  /** Messages a second that were answered with 250 while others were being sent on. */
  readonly accepted: number
  /** Messages a second that the world has, as far as the last one. */
  readonly sent: number
  /** Milliseconds of processor time a message. */
  readonly processor: number
}

/** Brings messages in: from so many sessions for one destination, from one for each of several. */
async function bring(host: RelayHost, row: Row): Promise<void> {
  const messages = Math.ceil(row.messages / row.destinations)
  await Promise.all(
    Array.from({ length: row.destinations }, (_, index) => bringTo(host, index, { ...row, messages })),
  )
}

async function bringTo(
  host: RelayHost,
  destination: number,
  { sessions, messages, octets }: Pick<Row, 'sessions' | 'messages' | 'octets'>,
): Promise<void> {
  if (messages === 0) return
  const words = [
    ...['-d', '-s', `${sessions}`, '-m', `${messages}`, '-l', `${octets}`, '-f', 'sender@client.example'],
    ...['-t', `u@${destinationDomain(destination)}`, `127.0.0.1:${host.port}`],
  ]
  const { code, stderr } = await runProcess('smtp-source', words, { folder: tmpdir() })
  if (code !== 0) throw new Error(`${host.name}: smtp-source ended with ${code}: ${stderr}`)
}

async function measure(host: RelayHost, sinks: Sinks, row: Row): Promise<Figure> {
  const { messages } = row
  const before = sinks.taken()
  const processor = processorTime(host.pid)
  const began = performance.now()
  await bring(host, row)
  const accepted = messages / ((performance.now() - began) / 1000)
  while (sinks.taken() - before < messages) {
    if (performance.now() - began > 200_000)
      throw new Error(`${host.name} has sent ${sinks.taken() - before} of ${messages} messages`)
    await pause(10)
  }
  const sent = messages / ((performance.now() - began) / 1000)
  return { accepted, sent, processor: (processorTime(host.pid) - processor) / messages }
}

function median(figures: readonly number[]): number {
  return [...figures].sort((a, b) => a - b)[Math.floor(figures.length / 2)] ?? Number.NaN
}

function ratio([ours = Number.NaN, theirs = Number.NaN]: readonly number[]): string {
  return `${(ours / theirs).toFixed(2)}×`
}

async function compare(row: Row): Promise<void> {
  await using sinks = await startSinks(row.destinations)
  const hosts: RelayHost[] = []
  try {
    for (const [name, make] of Object.entries(makers))
      if (only.test(name)) hosts.push(await make(await roomFor(name), sinks.ports)())
    const figures = hosts.map((): Figure[] => [])
    for (let round = 0; round < rounds; round++)
      for (const [index, host] of hosts.entries()) figures[index]?.push(await measure(host, sinks, row))
    const of = (name: keyof Figure) => figures.map((own) => median(own.map((figure) => figure[name])))
    const [accepted, sent, processor] = [of('accepted'), of('sent'), of('processor')]
    const texts = hosts.map(
      ({ name }, index) =>
        `${name} accepted ${Math.round(accepted[index] ?? 0)}/s, sent ${Math.round(sent[index] ?? 0)}/s, ${processor[index]?.toFixed(2)} ms`,
    )
    console.log(
      `${row.name.padEnd(32)} ${texts.join(' | ')} | accepted ${ratio(accepted)}, sent ${ratio(sent)}`,
    )
  } finally {
    for (const host of hosts) await host[Symbol.asyncDispose]()
  }
}

/**
 * Fills a queue for a destination that is away, and starts the server anew: how long new mail for another one takes then, and how much
 * memory what waits costs.
 */
async function full(name: string, home: string, make: (typeof makers)[string], count: number): Promise<void> {
  await using sinks = await startSinks(1)
  const start = make(home, [await freePort(), ...sinks.ports])
  const filling = await start()
  await bringTo(filling, 0, { sessions: 20, messages: count, octets: 4096 })
  await filling[Symbol.asyncDispose]()
  const began = performance.now()
  await using host = await start()
  const ready = performance.now()
  await bringTo(host, 1, { sessions: 1, messages: 1, octets: 4096 })
  while (sinks.taken() === 0 && performance.now() - began < 100_000) await pause(5)
  const sent = performance.now()
  await pause(3000)
  const { kibibytes } = proportionalMemory(host.pid)
  const [starts, first] = [ready - began, sent - ready].map((time) => `${Math.round(time)} ms`)
  console.log(
    `${count} waiting: ${name} starts in ${starts}, new mail is sent ${first} later; ${Math.round(kibibytes / 1024)} MiB`,
  )
}

async function roomFor(name: string): Promise<string> {
  const room = await mkdtemp(join(folder, `${name}-`))
  // Postfix's processes are not root's, and have to get at theirs.
  await chmod(room, 0o755)
  return room
}

const folder = await mkdtemp(join(tmpdir(), 'mailwright-bench-'))
await chmod(folder, 0o755)
try {
  for (const row of rows) if (rowsWanted.test(row.name)) await compare(row)
  if (rowsWanted.test('waiting'))
    for (const count of [0, Number(values.waiting)])
      for (const [name, make] of Object.entries(makers))
        if (only.test(name)) await full(name, await roomFor(name), make, count)
} finally {
  await rm(folder, { recursive: true, force: true })
}
