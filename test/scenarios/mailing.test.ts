// A mailing with dead, slow and refusing destinations holds nobody up. MAILWRIGHT_RECIPIENTS is how many recipients it has,
// MAILWRIGHT_DESTINATIONS how many destinations are there at once; docs/performance.md has the figures of 50,000 and 10,000.
import { setTimeout as pause } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { runCommand } from '../support/command-line.ts'
import { readMail } from '../support/mail.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import {
  type DomainManner,
  type MailingPlan,
  type MailingWorld,
  mailingWorld,
  submit,
} from '../support/queue/mailing.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

const recipients = Number(process.env.MAILWRIGHT_RECIPIENTS ?? 1_500)
const destinations = Number(process.env.MAILWRIGHT_DESTINATIONS ?? 300)
const isLarge = recipients > 10_000 || destinations > 2_000
const recipientsAtOnce = 1_000

let stack = new AsyncDisposableStack()
let project: TemporaryProject
let server: ServerProcess

afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const config = (
  world: MailingWorld,
  deliveries: number,
  patience: string,
) => `import { defineConfig } from 'mailwright'
import database from 'mailwright/plugins/database'
import dsn from 'mailwright/plugins/dsn'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import metrics from 'mailwright/plugins/metrics'
import pop3 from 'mailwright/plugins/pop3'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'

export default defineConfig({
  hostname: 'mail.here.example',
  dataDir: 'data',
  resolver: { servers: [${JSON.stringify(world.dns.server)}] },
  plugins: [
    database(),
    memoryAccounts({ accounts: [
      { address: 'news@here.example', password: 'secret' },
      { address: 'anna@here.example', password: 'secret' },
    ] }),
    maildir(),
    localDelivery({ postmaster: 'anna@here.example' }),
    relay({ networks: ['127.0.0.1'] }),
    smtpOut({ port: ${world.hosts.port}, addresses: 'ipv4', timeouts: { connect: '${patience}', greeting: '${patience}' } }),
    dsn(),
    queue({ deliveries: ${deliveries}, recipientsPerDelivery: ${isLarge ? 50 : 10}, firstRetry: '1h' }),
    smtp({ port: 0 }),
    pop3({ port: 0, allowPlaintextLogin: true }),
    metrics({ port: 0 }),
  ],
})
`

/** `patience`: how long a host is waited for that does not answer. */
async function start(plan: MailingPlan, deliveries: number, patience: string): Promise<MailingWorld> {
  const world = stack.use(await mailingWorld(plan))
  project = stack.use(await temporaryProject({ 'mailwright.config.ts': config(world, deliveries, patience) }))
  server = await startServer(project.folder)
  // Not stopped: it would wait for those who do not answer.
  stack.defer(() => server.kill())
  return world
}

/** The same each time, in no order. */
function shuffled(list: readonly string[]): readonly string[] {
  let state = 7
  const chance = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state
  }
  return list
    .map((value) => ({ value, lot: chance() }))
    .sort((one, other) => one.lot - other.lot)
    .map(({ value }) => value)
}

async function mail(to: readonly string[]): Promise<void> {
  for (let from = 0; from < to.length; from += recipientsAtOnce)
    await submit(server.port('smtp'), 'news@here.example', to.slice(from, from + recipientsAtOnce))
}

/** What became of one letter. */
interface Letter {
  readonly milliseconds: number
  /** Recipients of the mailing who got theirs between the answer to the letter and its arrival. */
  readonly overtaken: number
}

/** Somebody who writes one letter after the other, to these domains by turns, until they are told to stop. */
function writer({ hosts }: MailingWorld, domains: readonly string[]): { stop(): Promise<readonly Letter[]> } {
  let isOver = false
  const letters: Promise<Letter>[] = []
  const write = async (to: string): Promise<Letter> => {
    const began = performance.now()
    let atArrival = 0
    const arrived = hosts.arrival(to).then(() => {
      atArrival = hosts.arrived.length
    })
    await submit(server.port('smtp'), 'anna@here.example', [to])
    const before = hosts.arrived.length
    await arrived
    return { milliseconds: performance.now() - began, overtaken: Math.max(0, atArrival - before) }
  }
  const writing = (async () => {
    for (let count = 0; !isOver; count++) {
      letters.push(write(`anna${count}@${domains[count % domains.length]}`))
      await pause(250)
    }
  })()
  return {
    async stop() {
      isOver = true
      await writing
      return Promise.all(letters)
    },
  }
}

/** The figures of the process, as its metrics have them; the longest lag since the last call. */
async function figures(): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`http://127.0.0.1:${server.port('metrics')}/metrics`)
  const lines = (await answer.text()).matchAll(/^(\w+(?:\{of="max"\})?) ([\d.e+-]+)$/gm)
  return new Map([...lines].map(([, name = '', value]) => [name, Number(value)]))
}

/** Waits until all of these have arrived; answers the largest figures meanwhile. */
async function allArrived(
  { hosts }: MailingWorld,
  wanted: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const most = new Map<string, number>()
  const missing = new Set(wanted)
  for (let seen = 0; ; ) {
    for (; seen < hosts.arrived.length; seen++) missing.delete(hosts.arrived[seen] ?? '')
    for (const [name, value] of await figures()) most.set(name, Math.max(most.get(name) ?? 0, value))
    if (missing.size === 0) return most
    await pause(isLarge ? 2_000 : 200)
  }
}

function tell(
  what: string,
  began: number,
  most: ReadonlyMap<string, number>,
  letters: readonly Letter[],
  { hosts }: MailingWorld,
): void {
  const seconds = (performance.now() - began) / 1_000
  const times = letters.map(({ milliseconds }) => milliseconds).sort((one, other) => one - other)
  const figure = (name: string, unit: number) => ((most.get(name) ?? Number.NaN) / unit).toFixed(2)
  process.stdout.write(
    `${what}: ${seconds.toFixed(1)} s, ${hosts.arrived.length} recipients in ${hosts.transactions} transactions; ` +
      `${figure('process_resident_memory_bytes', 2 ** 20)} MiB, ${figure('process_open_fds', 1)} files, ` +
      `lag ${figure('mailwright_event_loop_lag_seconds{of="max"}', 1)} s; ${times.length} letters, ` +
      `median ${times[times.length >> 1]?.toFixed(0)} ms, longest ${times.at(-1)?.toFixed(0)} ms, overtaken by ${Math.max(...letters.map(({ overtaken }) => overtaken))} at the most\n`,
  )
}

function expectEach(arrived: readonly string[], wanted: readonly string[]): void {
  expect(arrived.filter((recipient) => recipient.startsWith('u')).sort()).toEqual([...wanted].sort())
}

async function waiting(): Promise<number> {
  const { out } = await runCommand(project.folder, ['queue', 'stat', '--json'])
  return (JSON.parse(out) as { total: { recipients: number } }).total.recipients
}

const long = 600_000

test(`a mailing to ${recipients} does not hold up one person’s mail, and everybody is accounted for`, {
  timeout: long,
}, async () => {
  const domains = Math.ceil(recipients / 25)
  // As with real ones, a few domains have most of them.
  const sum = Array.from({ length: domains }, (_, index) => 1 / (index + 1)).reduce(
    (one, other) => one + other,
  )
  const faults: readonly DomainManner[] = [
    'is-away',
    'drops',
    'greets-late',
    'says-nothing',
    'defers',
    'refuses',
  ]
  const world = await start(
    {
      domains,
      size: (domain) => Math.max(1, Math.round(recipients / sum / (domain + 1))),
      manner: (domain) =>
        domain % 6 === 5 ? (faults[((domain - 5) / 6) % faults.length] ?? 'takes') : 'takes',
      lateness: isLarge ? 30_000 : 2_000,
    },
    Math.max(10, Math.ceil(recipients / 100)),
    isLarge ? '60s' : '5s',
  )
  const all = world.recipients('takes', ...faults)
  const live = world.recipients('takes')
  const began = performance.now()
  const anna = writer(world, ['alone.example', 'd0.example', `d${domains >> 1}.example`])
  await mail(shuffled(all))
  const most = await allArrived(world, live)
  const letters = await anna.stop()
  tell(`a mailing to ${all.length} at ${domains} domains`, began, most, letters, world)
  // Before any letter arrives the deliveries that were under way come to their end, and no more than a part of the mailing.
  for (const { overtaken } of letters) expect(overtaken).toBeLessThan(live.length / 3)
  await allArrived(world, world.recipients('greets-late'))
  expectEach(world.hosts.arrived, world.recipients('takes', 'greets-late'))
  const refused = world.recipients('refuses')
  await expect
    .poll(
      async () => {
        const told = (await readMail(server.port('pop3'), 'news@here.example', 'secret')).join('\n')
        return [...told.matchAll(/^Final-Recipient: rfc822; (\S+)/gm)]
          .map(([, recipient]) => recipient)
          .sort()
      },
      { timeout: 60_000, interval: 500 },
    )
    .toEqual([...refused].sort())
  await expect
    .poll(waiting, { timeout: 60_000, interval: 500 })
    .toBe(all.length - refused.length - world.recipients('takes', 'greets-late').length)
})

test(`${destinations} destinations at once, three of ten dead: no other one waits for these`, {
  timeout: long,
}, async () => {
  const isDead = (domain: number) => domain % 10 < 3
  const world = await start(
    {
      domains: destinations,
      size: () => 1,
      manner: (domain) => (isDead(domain) ? 'drops' : 'takes'),
      lateness: 0,
    },
    Math.ceil(destinations / 20),
    // Longer than the test.
    '1h',
  )
  const live = world.recipients('takes')
  const began = performance.now()
  const anna = writer(world, ['alone.example', 'd5.example'])
  await mail(shuffled(world.recipients('takes', 'drops')))
  const most = await allArrived(world, live)
  const letters = await anna.stop()
  tell(`${destinations} destinations, ${destinations - live.length} dead`, began, most, letters, world)
  expectEach(world.hosts.arrived, live)
  await expect.poll(waiting, { timeout: 60_000, interval: 500 }).toBe(destinations - live.length)
})
