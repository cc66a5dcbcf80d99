import { type IncomingMessage, request } from 'node:http'
import { type HealthReport, MailwrightError, type PluginCommand, UnavailableError } from 'mailwright'
import type { MetricsOptions } from './options.ts'

/** Milliseconds for the whole answer: longer than any check may take. */
const patience = 10_000
const longestAnswer = 262_144

/** `mailwright health`: asks the running server, for containers and scripts. Starts nothing itself. */
export function healthCommand(options: MetricsOptions): PluginCommand {
  return {
    name: 'health',
    summary: 'ask the running server whether it is ready (exit code 1: it is not)',
    beforeStart: true,
    async run() {
      const report = await ask(options)
      return { json: report, text: textOf(report), exitCode: report.state === 'fail' ? 1 : 0 }
    },
  }
}

function textOf({ state, checks }: HealthReport): string {
  const lines = checks.map((each) => [each.state, each.name, each.reason].filter(Boolean).join('  '))
  return [state === 'fail' ? 'not ready' : 'ready', ...lines].join('\n')
}

async function ask(options: MetricsOptions): Promise<HealthReport> {
  const { status, text } = await get(options)
  if (status !== 200 && status !== 503)
    throw new MailwrightError(
      'MAIL_E_UNAVAILABLE',
      `the server answered ${status}: ${text.trim().slice(0, 200)}`,
    )
  try {
    const report = JSON.parse(text) as HealthReport
    if (typeof report.state === 'string' && Array.isArray(report.checks)) return report
  } catch {
    // Said below.
  }
  throw new MailwrightError('MAIL_E_UNAVAILABLE', 'something answered that is no health report')
}

function get(options: MetricsOptions): Promise<{ readonly status: number; readonly text: string }> {
  const { token } = options
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const where = whereOf(options)
  return new Promise((resolve, reject) => {
    const fail = (cause: unknown): void =>
      reject(new UnavailableError('the server does not answer; does it run, with this config?', { cause }))
    const asked = request(
      { ...where, path: '/readyz', headers, agent: false, signal: AbortSignal.timeout(patience) },
      (response) => {
        read(response).then((text) => resolve({ status: response.statusCode ?? 0, text }), fail)
      },
    )
    asked.on('error', fail).end()
  })
}

/** The machine itself, where the server listens on all of its addresses. */
function whereOf({ host, port, path }: MetricsOptions): {
  readonly socketPath?: string
  readonly host?: string
  readonly port?: number
} {
  if (path !== undefined) return { socketPath: path }
  if (port === 0)
    throw new MailwrightError(
      'MAIL_E_UNSUPPORTED',
      'the config lets the system choose the port: nobody knows it',
    )
  return { host: host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host, port }
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > longestAnswer) throw new MailwrightError('MAIL_E_INVALID', 'the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
