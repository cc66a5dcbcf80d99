// Many domains with one host that is dead: nobody else's mail waits for these, and none of them waits for all others.
import { afterEach, expect, test } from 'vitest'
import { runCommand } from '../support/command-line.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { type MailingPlan, type MailingWorld, mailingWorld, submit } from '../support/queue/mailing.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'

const domains = 200
const recipientsAtOnce = 100

let stack = new AsyncDisposableStack()
let project: TemporaryProject
let server: ServerProcess

afterEach(async () => {
  await stack.disposeAsync()
  stack = new AsyncDisposableStack()
})

const config = ({ dns, hosts }: MailingWorld) => `import { defineConfig } from 'mailwright'
import database from 'mailwright/plugins/database'
import { memoryAccounts } from 'mailwright/plugins/memory'
import metrics from 'mailwright/plugins/metrics'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'

export default defineConfig({
  hostname: 'mail.here.example',
  dataDir: 'data',
  resolver: { servers: [${JSON.stringify(dns.server)}] },
  plugins: [
    database(),
    memoryAccounts({ accounts: [{ address: 'anna@here.example' }] }),
    relay({ networks: ['127.0.0.1'] }),
    smtpOut({ port: ${hosts.port}, addresses: 'ipv4', timeouts: { connect: '25s' }, connections: { perHost: 5 } }),
    queue({ deliveries: 10, firstRetry: '1h' }),
    smtp({ port: 0 }),
    metrics({ port: 0 }),
  ],
})
`

async function active(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${server.port('metrics')}/metrics`)
  return Number(/^mailwright_queue_active_deliveries (\d+)$/m.exec(await answer.text())?.[1])
}

interface Listed {
  readonly recipients: readonly {
    readonly attempts: number
    readonly lastReply?: string
  }[]
}

/** What is known of recipients who were tried. */
async function reasons(): Promise<readonly string[]> {
  const { out } = await runCommand(project.folder, ['queue', 'list', '--json'])
  return (JSON.parse(out) as readonly Listed[])
    .flatMap(({ recipients }) => recipients)
    .filter(({ attempts }) => attempts > 0)
    .map(({ lastReply }) => lastReply ?? '')
}

test(`${domains} domains with one dead host hold up nobody else`, { timeout: 400_000 }, async () => {
  const plan: MailingPlan = {
    domains,
    size: () => 1,
    manner: () => 'drops',
    lateness: 0,
    sharesHost: true,
  }
  const world = stack.use(await mailingWorld(plan))
  project = stack.use(await temporaryProject({ 'mailwright.config.ts': config(world) }))
  server = await startServer(project.folder)
  // Not stopped: it would wait for those who do not answer.
  stack.defer(() => server.kill())
  const all = world.recipients('drops')
  for (let from = 0; from < all.length; from += recipientsAtOnce)
    await submit(server.port('smtp'), 'news@here.example', all.slice(from, from + recipientsAtOnce))
  // As many as one sender's may be that take long.
  await expect.poll(active, { timeout: 60_000 }).toBeGreaterThanOrEqual(65)
  const arrival = world.hosts.arrival('anna@alone.example').then(() => 'there')
  await submit(server.port('smtp'), 'anna@here.example', ['anna@alone.example'])
  const late = AbortSignal.timeout(60_000)
  const over = new Promise((resolve) => late.addEventListener('abort', () => resolve('late')))
  expect(await Promise.race([arrival, over])).toBe('there')
  await expect.poll(async () => (await reasons()).length, { timeout: 200_000, interval: 2_000 }).toBe(domains)
  for (const reason of await reasons()) expect(reason).toContain('mx.d0.example[127.200.0.1]')
})
