import type { Result, Row } from './rows.ts'

/** A line of the matrix with what came of it. */
export interface Done {
  readonly row: Row
  readonly result: Result
}

/** The document that has the table, and what surrounds it there. */
export const matrixDocument = 'docs/reliability.md'
const [start, end] = ['<!-- crash matrix -->', '<!-- end of the crash matrix -->']

const headings = [
  'queue',
  'what happens',
  'at',
  'points',
  'died',
  'promised',
  'delivered',
  'relayed',
  'bounced',
  'waiting',
  'twice',
  'lost',
  'torn',
  'other id',
  'told again',
]

/** The table, and in one paragraph how it was made. */
export function matrixText(
  all: readonly Done[],
  { date, words }: { date: string; words: readonly string[] },
): string {
  const points = all.reduce((sum, { result }) => sum + result.points, 0)
  const promised = all.reduce((sum, { result }) => sum + result.verdict.promised, 0)
  const lines = [headings, headings.map(() => '---'), ...all.map(cells)]
  return [
    `Made on ${date} by \`npm run test:crash-matrix -- ${words.join(' ')}\` (Node.js ${process.versions.node}): ${points} faults,` +
      ` ${promised} recipients of messages that were answered with 250.`,
    '',
    ...lines.map((line) => `| ${line.join(' | ')} |`),
  ].join('\n')
}

function cells({ row, result: { points, died, verdict } }: Done): readonly string[] {
  const { promised, delivered, relayed, bounced, queued, duplicates, lost, torn, strange, retold } = verdict
  const numbers = [points, died, promised, delivered, relayed, bounced, queued, duplicates]
  const where = row.where.replaceAll(',', ', ')
  const broken = [lost, torn, strange, retold].map(({ length }) => length)
  return [row.kind, row.what, where, ...[...numbers, ...broken].map(String)]
}

/** Whether every promise was kept. */
export function isGood({ result }: Done): boolean {
  const { lost, torn, strange, retold } = result.verdict
  return lost.length + torn.length + strange.length + retold.length === 0
}

/** What was lost, for whoever looks for the reason. */
export function complaint({ row, result: { verdict, rounds } }: Done): string {
  const { lost, torn, strange, retold } = verdict
  const faults = rounds.map(
    ({ fault }, index) => `  round ${index}: ${fault.what} at ${fault.where}, ${fault.when}`,
  )
  const found = Object.entries({ lost, torn, strange, retold }).map(
    ([name, tokens]) => `  ${name}: ${tokens.join('; ')}`,
  )
  return [`${row.kind}, ${row.what}, ${row.where}:`, ...found, ...faults].join('\n')
}

/** A document with another table in it. */
export function withMatrix(document: string, text: string): string {
  const [from, to] = [document.indexOf(start), document.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`the document has no ${start} … ${end}`)
  return `${document.slice(0, from)}${start}\n\n${text}\n\n${document.slice(to)}`
}
