import type { HealthReport, Log, Metrics } from 'mailwright'
import { expose, mediaTypes } from './exposition.ts'
import { formatFor } from './negotiation.ts'

/** What is answered to a request. */
export interface Page {
  readonly status: number
  readonly type: string
  readonly text: string
}

export interface PageParts {
  readonly metrics: Pick<Metrics, 'gather'>
  readonly health: { report(): Promise<HealthReport> }
  readonly log: Log
}

const plain = 'text/plain; charset=utf-8'
const json = 'application/json'

/** The pages by their paths. Only `/healthz` is for everybody near: it says nothing but that we answer. */
export const paths = ['/metrics', '/readyz', '/healthz'] as const

export type PagePath = (typeof paths)[number]

/** A page of a few words. */
export function note(status: number, text: string): Page {
  return { status, type: plain, text: `${text}\n` }
}

/** Makes a page. Never rejects. */
export async function pageAt(path: PagePath, accept: string | undefined, parts: PageParts): Promise<Page> {
  try {
    if (path === '/healthz') return { status: 200, type: json, text: jsonText({ state: 'pass' }) }
    return path === '/readyz' ? await readiness(parts) : await metricsPage(accept, parts)
  } catch (error) {
    parts.log.warn('unavailable', { page: path, error })
    return note(503, 'That cannot be told now.')
  }
}

/** 503 where a check fails; a warning alone leaves the server ready. */
async function readiness({ health }: PageParts): Promise<Page> {
  const report = await health.report()
  return { status: report.state === 'fail' ? 503 : 200, type: json, text: jsonText(report) }
}

async function metricsPage(accept: string | undefined, { metrics }: PageParts): Promise<Page> {
  const format = formatFor(accept)
  return { status: 200, type: mediaTypes[format], text: expose(await metrics.gather(), format) }
}

function jsonText(value: unknown): string {
  return `${JSON.stringify(value)}\n`
}
