// Speed of the MIME scan beside other parsers, in one run, interleaved so that a change in the machine's load meets all.
//
//   node --conditions=mailwright-source test/bench/mime.ts [rounds] [messages]
//
// What each does: `scan` builds the tree with offsets and line counts; `scan + listing` reads from it everything that
// IMAP's ENVELOPE and BODYSTRUCTURE say; the others parse as their documentation shows, decoding bodies on the way.
import process from 'node:process'
import { simpleParser } from 'mailparser'
import PostalMime from 'postal-mime'
import { readEnvelopeFields } from '../../core/model/header/envelope-fields.ts'
import { type MimePart, scanMessage, walkParts } from '../../core/model/mime/mime.ts'
import { realisticCorpus } from '../generator/realistic.ts'

interface Contender {
  readonly name: string
  readonly parse: (octets: Buffer) => unknown
  microseconds: number
  messages: number
}

const rounds = Number(process.argv[2] ?? 10)
const corpus = realisticCorpus(20_261_123, Number(process.argv[3] ?? 200))
const octets = corpus.reduce((sum, message) => sum + message.length, 0)

const contenders: Contender[] = [
  contender('scan', (message) => scanMessage(message)),
  contender('scan + listing', listing),
  contender('mailparser', (message) => simpleParser(message)),
  contender('postal-mime', (message) => PostalMime.parse(message)),
]

for (const each of contenders) await round(each)
for (const each of contenders) Object.assign(each, { microseconds: 0, messages: 0 })
for (let count = 0; count < rounds; count += 1) {
  for (const each of contenders) await round(each)
}
report()

function contender(name: string, parse: (octets: Buffer) => unknown): Contender {
  return { name, parse, microseconds: 0, messages: 0 }
}

async function round(each: Contender): Promise<void> {
  const before = process.cpuUsage()
  for (const message of corpus) await each.parse(message)
  const { user, system } = process.cpuUsage(before)
  each.microseconds += user + system
  each.messages += corpus.length
}

/** Touches all that a FETCH of ENVELOPE and BODYSTRUCTURE needs. */
function listing(message: Buffer): unknown[] {
  const facts: unknown[] = []
  for (const { section, part } of walkParts(scanMessage(message).root)) {
    facts.push(section, ...describe(part))
    if (section === '' || section === '1') facts.push(readEnvelopeFields(part.header))
    if (part.message !== undefined) facts.push(readEnvelopeFields(part.message.header))
  }
  return facts
}

function describe(part: MimePart): unknown[] {
  return [
    part.contentType.type,
    part.contentType.subtype,
    [...part.contentType.parameters],
    part.disposition?.kind,
    [...(part.disposition?.parameters ?? [])],
    part.encoding,
    part.id,
    part.description,
    part.languages,
    part.location,
    part.md5,
    part.size,
    part.lines,
  ]
}

function report(): void {
  const average = octets / corpus.length
  console.log(
    `${corpus.length} messages, ${Math.round(average / 1024)} KiB on average, ${rounds} rounds, CPU time\n`,
  )
  const slowest = contenders.find((each) => each.name === 'mailparser')
  for (const each of contenders) {
    const microseconds = each.microseconds / each.messages
    const ratio = slowest === undefined ? 1 : slowest.microseconds / slowest.messages / microseconds
    const figures = [
      `${(average / microseconds).toFixed(0).padStart(6)} MB/s`,
      `${(1_000_000 / microseconds).toFixed(0).padStart(7)} messages/s`,
      `${microseconds.toFixed(1).padStart(8)} µs a message`,
      `${ratio.toFixed(1).padStart(6)} × mailparser`,
    ]
    console.log(`${each.name.padEnd(16)}${figures.join('  ')}`)
  }
}
