import type { MetricFamily, MetricSample } from 'mailwright'

/** The two text formats: Prometheus's own, and OpenMetrics. */
export type Format = 'text' | 'openmetrics'

/** The media type of each. */
export const mediaTypes: Readonly<Record<Format, string>> = {
  text: 'text/plain; version=0.0.4; charset=utf-8',
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
}

/** Writes metrics as text, in the order of their names. */
export function expose(families: readonly MetricFamily[], format: Format): string {
  const sorted = families.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  const lines = sorted.flatMap((family) => linesOf(family, format))
  if (format === 'openmetrics') lines.push('# EOF')
  return lines.map((line) => `${line}\n`).join('')
}

function linesOf(family: MetricFamily, format: Format): string[] {
  const { name, type, help, samples } = family
  if (samples.length === 0) return []
  // OpenMetrics names a counter without the end that its samples have.
  const shown = format === 'openmetrics' && type === 'counter' ? name.replace(/_total$/, '') : name
  const head = [`# HELP ${shown} ${escapeHelp(help, format)}`, `# TYPE ${shown} ${type}`]
  return [...head, ...samples.flatMap((sample) => sampleLines(family, sample))]
}

function sampleLines({ name, labels: names, buckets = [] }: MetricFamily, sample: MetricSample): string[] {
  const labels = names.map((label, index) => `${label}="${escapeValue(sample.labels[index] ?? '')}"`)
  const line = (end: string, value: number, more: readonly string[] = []): string => {
    const all = [...labels, ...more]
    return `${name}${end}${all.length === 0 ? '' : `{${all.join(',')}}`} ${numberText(value)}`
  }
  if (sample.counts === undefined) return [line('', sample.value)]
  let count = 0
  const lines: string[] = []
  for (const [index, own] of sample.counts.entries()) {
    count += own
    const limit = buckets[index]
    lines.push(line('_bucket', count, [`le="${limit === undefined ? '+Inf' : limitText(limit)}"`]))
  }
  return [...lines, line('_sum', sample.value), line('_count', count)]
}

function numberText(value: number): string {
  return Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf'
}

/** A limit is the same text in both formats, with a point as OpenMetrics wants it: otherwise it would be another series. */
function limitText(limit: number): string {
  return Number.isInteger(limit) ? `${limit}.0` : String(limit)
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')
}

function escapeHelp(help: string, format: Format): string {
  const escaped = help.replaceAll('\\', '\\\\').replaceAll('\n', '\\n')
  return format === 'openmetrics' ? escaped.replaceAll('"', '\\"') : escaped
}
