// What summaries and searches cost, on generated mail in memory: what a store adds for its disk comes on top.
//
//   node --conditions=mailwright-source test/bench/search.ts [messages] [rounds]
//
// CPU time of each step's best round, the rounds of all steps in turn, so that the machine's other load counts as little as
// it can. `SEARCH TEXT` looks for words that no message, one message in a hundred, or nearly every message has.
import process from 'node:process'
import {
  bufferContent,
  type Content,
  decodeSummary,
  encodeSummary,
  type MessageEntry,
  type MessageSummary,
  type SearchCriterion,
  Summariser,
  summarise,
} from 'mailwright'
import {
  foldedNeedle,
  foldText,
  mayContain,
  type SearchSource,
  searchEntries,
  signText,
} from 'mailwright/search'
import { realisticCorpus } from '../generator/realistic.ts'

const count = Number(process.argv[2] ?? 1_000)
const rounds = Number(process.argv[3] ?? 20)
const rareWord = 'quincunx'
const corpus = realisticCorpus(20_261_128, count).map((octets, index) =>
  index % 100 === 0
    ? Buffer.from(octets.toString('latin1').replace('\r\n\r\n', `\r\n\r\n${rareWord} `), 'latin1')
    : octets,
)
const contents: readonly Content[] = corpus.map(bufferContent)
const entries = corpus.map((octets, index) => entryOf(index + 1, octets.length))
const facts = corpus.map((octets) => {
  const summariser = new Summariser()
  summariser.add(octets)
  return summariser.finish()
})
const stored = facts.map(encodeSummary)
// Plain values, which have to be written; what `decodeSummary` answers is written already.
const plain = facts.map(({ header, omitted, envelope, structure, preview }) => ({
  header,
  omitted,
  envelope,
  structure,
  preview,
}))
const signatures = await Promise.all(contents.map(signText))

interface Step {
  readonly name: string
  readonly run: () => Promise<unknown>
  microseconds: number
}

const from: SearchCriterion = { kind: 'header', field: 'From', text: 'user77' }
const steps: readonly Step[] = [
  step('summarise', async () => {
    for (const [index, content] of contents.entries()) await summarise(index + 1, content)
  }),
  step('encode', async () => {
    for (const each of plain) encodeSummary(each)
  }),
  step('decode, From and Subject', async () => {
    for (const [index, octets] of stored.entries()) {
      const header = decodeSummary(index + 1, octets)?.header
      if (header?.text('from') === header?.text('subject')) throw new Error('not a summary')
    }
  }),
  step('decode, envelope', async () => {
    for (const [index, octets] of stored.entries()) decodeSummary(index + 1, octets)?.envelope
  }),
  step('decode, structure', async () => {
    for (const [index, octets] of stored.entries()) decodeSummary(index + 1, octets)?.structure
  }),
  step('sign', async () => {
    for (const content of contents) await signText(content)
  }),
  step('test one signature', async () => {
    const needle = foldedNeedle(foldText(rareWord))
    for (const signature of signatures) mayContain(signature, needle)
  }),
  search('SEARCH FROM', from),
  search('SEARCH NOT SEEN SMALLER', {
    kind: 'and',
    of: [
      { kind: 'not', of: { kind: 'flag', flag: '\\Seen' } },
      { kind: 'smaller', octets: 20_000 },
    ],
  }),
  ...['absent-word', rareWord, 'meeting'].flatMap((text) => [
    search(`SEARCH TEXT ${text}, scan`, { kind: 'text', text }),
    search(`SEARCH TEXT ${text}, signed`, { kind: 'text', text }, true),
  ]),
]

for (const each of steps) await each.run()
for (let round = 0; round < rounds; round += 1) {
  for (const each of steps) {
    const before = process.cpuUsage()
    await each.run()
    const { user, system } = process.cpuUsage(before)
    each.microseconds = Math.min(each.microseconds, user + system)
  }
}
report()

function step(name: string, run: () => Promise<unknown>): Step {
  return { name, run, microseconds: Number.POSITIVE_INFINITY }
}

function search(name: string, criterion: SearchCriterion, isSigned = false): Step {
  const source: SearchSource = {
    entries,
    summaries: storedSummaries,
    content: async (uid) => contents[uid - 1] ?? bufferContent(Buffer.alloc(0)),
    ...(isSigned ? { textCandidates: candidates } : {}),
  }
  return step(name, () => searchEntries(source, criterion, Date.now()))
}

async function* storedSummaries(uids: readonly number[]): AsyncGenerator<MessageSummary> {
  for (const uid of uids) {
    const summary = decodeSummary(uid, stored[uid - 1] ?? Buffer.alloc(0))
    if (summary !== undefined) yield summary
  }
}

async function candidates(uids: readonly number[], folded: string): Promise<readonly number[]> {
  const needle = foldedNeedle(folded)
  return uids.filter((uid) => mayContain(signatures[uid - 1] ?? Buffer.alloc(0), needle))
}

function entryOf(uid: number, size: number): MessageEntry {
  const date = new Date(Date.UTC(2026, 10, 23))
  return {
    uid,
    id: `m${uid}`,
    size,
    flags: ['\\Seen'],
    internalDate: date,
    savedDate: date,
    modSequence: uid,
  }
}

function report(): void {
  const average = (sizes: readonly { readonly length: number }[]) =>
    Math.round(sizes.reduce((sum, each) => sum + each.length, 0) / sizes.length)
  console.log(`${count} messages of ${average(corpus)} octets on average, best of ${rounds} rounds, CPU time`)
  console.log(`summary ${average(stored)} octets on average, signature ${average(signatures)}\n`)
  for (const each of steps) {
    const microseconds = each.microseconds / count
    const figures = [
      `${(1_000_000 / microseconds).toFixed(0).padStart(10)} messages/s`,
      `${microseconds.toFixed(2).padStart(9)} µs a message`,
    ]
    console.log(`${each.name.padEnd(34)}${figures.join('  ')}`)
  }
}
