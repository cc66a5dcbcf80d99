import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import policyService, { type PolicyServiceInput } from 'mailwright/plugins/policy-service'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { freePort } from '../support/free-port.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { projectFolder } from '../support/project-files.ts'
import { environment } from '../support/run-process.ts'
import { login, password, type SmtpServer, startSmtpServer } from '../support/smtp/smtp-server.ts'
import { type Wire, wireTo } from '../support/wire.ts'

const postgrey = requirePeer('postgrey')
const spf = requirePeer('policyd-spf')
const python = requirePeer('python3')

let folder: string
let server: SmtpServer | undefined
const wires: Wire[] = []
const children: ChildProcess[] = []
let bridge: Server | undefined

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mailwright-policy-'))
})

/** Ends the sessions first: a server waits for those. */
async function stopServer(): Promise<void> {
  for (const wire of wires.splice(0)) wire.socket.destroy()
  await server?.stop()
  server = undefined
}

afterEach(async () => {
  await stopServer()
  bridge?.close()
  bridge = undefined
  await Promise.all(children.splice(0).map(end))
  await rm(folder, { recursive: true, force: true })
})

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const over = new Promise((resolve) => child.once('close', resolve))
  child.kill('SIGKILL')
  await over
}

/** Starts a policy server and waits until it takes connections. */
async function run(program: string, words: readonly string[], at: { path: string } | { port: number }) {
  const child = spawn(program, words, { cwd: folder, env: environment(), stdio: 'ignore' })
  children.push(child)
  await vi.waitFor(
    () =>
      new Promise<void>((resolve, reject) => {
        const socket = connect(at, () => resolve(void socket.destroy()))
        socket.on('error', reject)
      }),
    { timeout: 20_000, interval: 50 },
  )
  return child
}

async function serve(options: PolicyServiceInput): Promise<SmtpServer> {
  server = await startSmtpServer({
    plugins: [policyService(options)],
    options: { allowPlaintextAuth: true },
  })
  return server
}

async function greeted(port: number): Promise<Wire> {
  const wire = wireTo(port)
  wires.push(wire)
  await wire.until('220 ')
  await wire.line()
  wire.send('EHLO client.example\r\n')
  await wire.until('250 ')
  await wire.line()
  return wire
}

/** The replies to MAIL and the RCPTs. */
async function envelope(wire: Wire, ...to: string[]): Promise<string[]> {
  expect(await wire.ask('MAIL FROM:<a@client.example> SIZE=1000')).toMatch(/^250 /)
  const replies: string[] = []
  for (const recipient of to) replies.push(await wire.ask(`RCPT TO:<${recipient}@example.org>`))
  return replies
}

async function data(wire: Wire): Promise<string> {
  expect(await wire.ask('DATA')).toMatch(/^354 /)
  return await wire.ask('Subject: x\r\n\r\ntext\r\n.')
}

describe.runIf(postgrey.available)(postgrey.title, () => {
  const words = (at: string) => [
    at,
    `--dbdir=${folder}`,
    '--delay=1',
    `--user=${userInfo().username}`,
    `--group=${userInfo().gid}`,
    '--whitelist-clients=/dev/null',
    '--whitelist-recipients=/dev/null',
  ]

  async function isGreylistedFirst(service: string): Promise<void> {
    const { port, taken } = await serve({ service })
    const wire = await greeted(port)
    expect(await envelope(wire, 'b')).toEqual([
      expect.stringMatching(/^450 4\.2\.0 Greylisted, see http\S+example\.org/),
    ])
    await wire.ask('RSET')
    await vi.waitFor(
      async () => {
        const [reply] = await envelope(wire, 'b')
        if (reply?.startsWith('250') !== true) await wire.ask('RSET')
        expect(reply).toMatch(/^250 /)
      },
      { timeout: 20_000, interval: 200 },
    )
    expect(await data(wire)).toMatch(/^250 /)
    expect(taken[0]?.text).toMatch(/^X-Greylist: delayed \d+ seconds by postgrey/)
  }

  test('over a Unix socket: later, then with its field', async () => {
    const path = join(folder, 'postgrey')
    await run('postgrey', words(`--unix=${path}`), { path })
    await isGreylistedFirst(`unix:${path}`)
  })

  test('over TCP, and without it what the config says', async () => {
    const port = await freePort()
    const child = await run('postgrey', words(`--inet=127.0.0.1:${port}`), { port })
    await isGreylistedFirst(`inet:127.0.0.1:${port}`)
    await end(child)
    await stopServer()
    const { port: mail } = await serve({ service: `inet:127.0.0.1:${port}`, retryDelay: '10ms' })
    expect(await envelope(await greeted(mail), 'b')).toEqual(['451 4.3.5 Server configuration problem'])
    await stopServer()
    const { port: open } = await serve({
      service: `inet:127.0.0.1:${port}`,
      retryDelay: '10ms',
      defaultAction: 'DUNNO',
    })
    expect(await envelope(await greeted(open), 'b')).toEqual([expect.stringMatching(/^250 /)])
  })
})

describe.runIf(spf.available)(spf.title, () => {
  test('as spawn(8) runs it: its field stands on top', async () => {
    const path = join(folder, 'spf')
    bridge = createServer((socket) => {
      const child = spawn('policyd-spf', { stdio: ['pipe', 'pipe', 'ignore'] })
      children.push(child)
      socket.on('error', () => undefined).pipe(child.stdin)
      child.stdin.on('error', () => undefined)
      child.stdout.pipe(socket)
    }).listen(path)
    const { port, taken } = await serve({ service: `unix:${path}` })
    const wire = await greeted(port)
    expect(await envelope(wire, 'b', 'c')).toEqual(Array(2).fill(expect.stringMatching(/^250 /)))
    expect(await data(wire)).toMatch(/^250 /)
    // It tells the second recipient from another message by `instance`.
    expect(taken[0]?.text).toMatch(/^X-Comment: SPF .*client-ip=127\.0\.0\.1;.*\r\nReceived: /)
  })
})

describe.runIf(python.available)('a policy server in Python', () => {
  let asked: () => Promise<Record<string, unknown>[]>

  async function start(options: Partial<PolicyServiceInput> = {}): Promise<SmtpServer> {
    const [path, log] = [join(folder, 'policy'), join(folder, 'log')]
    await run('python3', [join(projectFolder, 'test/peers/policy-daemon.py'), path, log], { path })
    asked = async () =>
      (await readFile(log, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    return serve({ service: `unix:${path}`, ...options })
  }

  test('refuses, defers, and is never guessed at', async () => {
    const { port } = await start()
    const wire = await greeted(port)
    expect(await envelope(wire, 'reject', 'defer', 'filter', 'b')).toEqual([
      '554 5.7.27 No mail for you',
      '450 4.7.0 Come back later',
      '451 4.3.5 Server configuration problem, try again later',
      expect.stringMatching(/^250 /),
    ])
  })

  test('has messages changed, held, copied, redirected and discarded', async () => {
    const { port, taken } = await start()
    const wire = await greeted(port)
    for (const to of ['prepend', 'bcc', 'redirect', 'discard', 'hold', 'warn']) {
      expect(await envelope(wire, to, 'b')).toEqual(Array(2).fill(expect.stringMatching(/^250 /)))
      expect(await data(wire)).toMatch(/^250 2\.0\.0 /)
    }
    const delivered = taken.map(({ to }) => to.map(({ localPart }) => localPart))
    expect(delivered).toEqual([['prepend', 'b'], ['bcc', 'b', 'log'], ['trap'], ['hold', 'b'], ['warn', 'b']])
    expect(taken[0]?.text).toMatch(/^X-Policy: one\r\nReceived: /)
    const found = (await server?.history())?.filter(({ verb }) => verb === 'finding' || verb === 'edited')
    expect(found?.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['odd client', 'trash', 'quarantine: looks odd']),
    )
  })

  test('is asked at every step, on one connection', async () => {
    const { port } = await start({
      ask: ['client', 'hello', 'sender', 'recipient', 'message'],
      policyContext: 'mx',
    })
    const wire = await greeted(port)
    await envelope(wire, 'b', 'c')
    await data(wire)
    const requests = await asked()
    expect(
      requests.map((request) => [request.protocol_state, request.recipient, request.recipient_count]),
    ).toEqual([
      ['CONNECT', '', '0'],
      ['EHLO', '', '0'],
      ['MAIL', '', '0'],
      ['RCPT', 'b@example.org', '0'],
      ['RCPT', 'c@example.org', '0'],
      ['END-OF-MESSAGE', '', '2'],
    ])
    expect(new Set(requests.map(({ connection }) => connection)).size).toBe(1)
    expect(requests[3]).toMatchObject({
      request: 'smtpd_access_policy',
      protocol_name: 'ESMTP',
      helo_name: 'client.example',
      sender: 'a@client.example',
      size: '1000',
      client_address: '127.0.0.1',
      client_name: 'localhost',
      policy_context: 'mx',
      server_address: '127.0.0.1',
      server_port: String(port),
    })
    expect(requests[5]?.instance).toBe(requests[2]?.instance)
    expect(Number(requests[5]?.size)).toBeGreaterThan(16)
  })

  test('is not asked about networks that are exempt', async () => {
    const { port } = await start({ exempt: ['127.0.0.0/8'] })
    expect(await envelope(await greeted(port), 'reject')).toEqual([expect.stringMatching(/^250 /)])
  })

  test('is asked about users only where the config says so', async () => {
    const { submissionPort } = await start({ roles: ['submission'], ownClients: true })
    const wire = await greeted(submissionPort)
    const plain = Buffer.from(`\0${login}\0${password}`).toString('base64')
    expect(await wire.ask(`AUTH PLAIN ${plain}`)).toMatch(/^235 /)
    expect(await envelope(wire, 'reject')).toEqual(['554 5.7.27 No mail for you'])
    expect(await asked()).toEqual([
      expect.objectContaining({
        sasl_method: 'PLAIN',
        sasl_username: login,
        recipient: 'reject@example.org',
      }),
    ])
  })
})
