// What Prometheus's own programs make of our metrics, and curl of the pages.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { firstChild } from '../support/child-processes.ts'
import { freePort } from '../support/free-port.ts'
import { codeBlocks, section } from '../support/markdown.ts'
import { requirePeer } from '../support/peers/peers.ts'
import { type TemporaryProject, temporaryProject } from '../support/project.ts'
import { projectFolder, readText } from '../support/project-files.ts'
import { environment, runProcess } from '../support/run-process.ts'
import { type ServerProcess, startServer } from '../support/server-process.ts'
import { wireTo } from '../support/wire.ts'

const promtool = requirePeer('promtool')
const prometheus = requirePeer('prometheus')
const curl = requirePeer('curl')
const command = ['--conditions=mailwright-source', join(projectFolder, 'core/cli/main.ts')]

let project: TemporaryProject
let server: ServerProcess | undefined
let monitor: ChildProcess | undefined
let port: number

function config(workers: number): string {
  return `import { defineConfig } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import database from 'mailwright/plugins/database'
import localDelivery from 'mailwright/plugins/local-delivery'
import localNotifier from 'mailwright/plugins/local-notifier'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import metrics from 'mailwright/plugins/metrics'
import queue from 'mailwright/plugins/queue'
import smtp from 'mailwright/plugins/smtp'

export default defineConfig({
  hostname: 'mail.example.org',
  workers: ${workers},
  plugins: [
    localNotifier(),
    database(),
    certificates(),
    memoryAccounts({ accounts: [{ address: 'jo@example.org', password: 'secret' }] }),
    maildir(),
    localDelivery(),
    queue(),
    smtp({ port: 0 }),
    metrics({ port: ${port} }),
  ],
})
`
}

beforeEach(async () => {
  port = await freePort()
})

afterEach(async () => {
  await end(monitor)
  monitor = undefined
  await server?.stop()
  server = undefined
  await project[Symbol.asyncDispose]()
})

async function start(workers = 1): Promise<ServerProcess> {
  project = await temporaryProject({ 'mailwright.config.ts': config(workers) })
  server = await startServer(project.folder)
  return server
}

async function end(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null) return
  const ended = once(child, 'exit')
  child.kill('SIGTERM')
  await ended
}

/** One message that is taken and delivered, and one recipient who is refused. */
async function deliver(smtp: number): Promise<void> {
  const wire = wireTo(smtp)
  await wire.line()
  await wire.send('EHLO client.example\r\n').until('250 ')
  await wire.line()
  for (const line of ['MAIL FROM:<>', 'RCPT TO:<jo@example.org>'])
    expect(await wire.ask(line)).toMatch(/^250 /)
  expect(await wire.ask('RCPT TO:<nobody@elsewhere.example>')).toMatch(/^550 /)
  expect(await wire.ask('DATA')).toMatch(/^354 /)
  expect(await wire.ask('Subject: hello\r\n\r\n.')).toMatch(/^250 /)
  expect(await wire.ask('QUIT')).toMatch(/^221 /)
  wire.socket.destroy()
}

async function fetched(...words: readonly string[]): Promise<string> {
  const { stdout } = await runProcess(
    'curl',
    ['-sS', '--max-time', '20', ...words, page('/metrics')],
    project,
  )
  return stdout
}

function page(path: string): string {
  return `http://127.0.0.1:${port}${path}`
}

function value(text: string, series: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${series} `))
  return Number(line?.slice(series.length + 1))
}

const taken = 'mailwright_transactions_total{role="transfer",reply="2xx"}'

describe.runIf(promtool.available && curl.available)(promtool.title, () => {
  test('finds nothing to say of our metrics', async () => {
    const running = await start()
    await deliver(running.port('smtp'))
    await fetched()
    const text = await fetched()
    expect(value(text, taken)).toBe(1)
    expect(value(text, 'mailwright_recipients_total{role="transfer",reply="5xx"}')).toBe(1)
    expect(value(text, 'mailwright_deliveries_total{route="account",outcome="delivered"}')).toBe(1)
    expect(value(text, 'mailwright_maildir_sync_seconds_count{what="message"}')).toBe(1)
    const file = await project.write('metrics.txt', text)
    const checked = await runProcess('sh', ['-c', `promtool check metrics < ${file}`], project)
    expect(checked).toMatchObject({ code: 0, stderr: '', stdout: '' })
    expect(await fetched('--compressed')).toContain(taken)
  })

  test('takes the rules of docs/operations.md', async () => {
    project = await temporaryProject()
    const [rules] = codeBlocks(section(readText('docs/operations.md'), '##', 'Metrics and health')).filter(
      ({ language }) => language === 'yaml',
    )
    const file = await project.write('rules.yml', rules?.code ?? '')
    const checked = await runProcess('promtool', ['check', 'rules', file], project)
    expect(checked).toMatchObject({ code: 0, stdout: expect.stringContaining('SUCCESS: 18 rules found') })
  })
})

interface Result {
  readonly data: {
    readonly result: readonly {
      readonly metric: Record<string, string>
      readonly value: readonly [number, string]
    }[]
  }
}

describe.runIf(prometheus.available)(prometheus.title, () => {
  async function monitored(): Promise<(query: string) => Promise<Result['data']['result']>> {
    const own = await freePort()
    const file = await project.write(
      'prometheus.yml',
      `global: { scrape_interval: 1s }
scrape_configs:
  - job_name: mail
    static_configs: [{ targets: ['127.0.0.1:${port}'] }]
`,
    )
    const words = [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(project.folder, 'tsdb')}`,
      `--web.listen-address=127.0.0.1:${own}`,
      '--log.level=error',
    ]
    monitor = spawn('prometheus', words, { cwd: project.folder, env: environment(), stdio: 'ignore' })
    return async (query) => {
      const url = `http://127.0.0.1:${own}/api/v1/query?query=${encodeURIComponent(query)}`
      const answer = await fetch(url).then(
        (response) => response.json() as Promise<Result>,
        () => undefined,
      )
      return answer?.data?.result ?? []
    }
  }

  test('scrapes two workers as one, and sees nothing get less when one of them dies', async () => {
    const running = await start(2)
    for (let round = 0; round < 6; round++) await deliver(running.port('smtp'))
    const query = await monitored()
    const number = async (text: string) => Number((await query(text))[0]?.value[1])
    const patient = { timeout: 30_000, interval: 500 }
    await expect.poll(() => number('up'), patient).toBe(1)
    await expect.poll(() => number(taken), patient).toBe(6)
    const first = await firstChild(running.pid)
    const begun = running.logged('worker-started')
    process.kill(first, 'SIGKILL')
    await begun
    await deliver(running.port('smtp'))
    await expect.poll(() => number(taken), patient).toBe(7)
    expect(await number('mailwright_worker_exits_total')).toBe(1)
    expect(await number(`resets(${taken}[1m])`)).toBe(0)
    expect(
      await number('histogram_quantile(0.5, rate(mailwright_delivery_delay_seconds_bucket[1m]))'),
    ).toBeDefined()
  })
})

describe.runIf(curl.available)(`health, by ${curl.title} and the command`, () => {
  const health = () => runProcess(process.execPath, [...command, 'health', '--json'], project)

  test('of a server that runs, that is hurt, and that is gone', async () => {
    await start()
    const ready = await health()
    expect(ready).toMatchObject({ code: 0, stderr: '' })
    const { state, checks } = JSON.parse(ready.stdout) as { state: string; checks: { name: string }[] }
    expect(state).toBe('pass')
    expect(checks.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['core/plugins', 'database/writable', 'maildir/root', 'metrics/room']),
    )
    const status = ['-s', '-o', '/dev/null', '-w', '%{http_code}']
    for (const path of ['/healthz', '/readyz'])
      expect((await runProcess('curl', [...status, page(path)], project)).stdout).toBe('200')
    await server?.stop()
    server = undefined
    const gone = await health()
    expect(gone.code).toBe(1)
    expect(gone.stderr).toContain('MAIL_E_UNAVAILABLE')
  })

  test('of a worker that hangs: the others say so', async () => {
    const running = await start(2)
    const first = await firstChild(running.pid)
    process.kill(first, 'SIGSTOP')
    try {
      // Connections are dealt out in turn: every second one meets the one that hangs.
      const answers = await Promise.all(
        [1, 2].map(() => runProcess('curl', ['-s', '--max-time', '10', page('/readyz')], project)),
      )
      const told = answers.map(({ stdout }) => stdout).filter((text) => text !== '')
      expect(told.map((text) => (JSON.parse(text) as { state: string }).state)).toEqual(['fail'])
      expect(told[0]).toContain('workers that do not answer: 1')
    } finally {
      process.kill(first, 'SIGCONT')
    }
  })
})
