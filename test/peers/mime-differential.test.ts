// Our MIME tree beside Python's email package and mailparser, over generated messages. Every systematic difference has
// its row in a table below, with the reason; a difference that no row explains fails.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { decodeEncodedWords } from '../../core/model/mime/encoded-word.ts'
import {
  type MessageStructure,
  type MimeAnomaly,
  type MimePart,
  scanMessage,
  walkParts,
} from '../../core/model/mime/mime.ts'
import { decodeBody } from '../../core/model/mime/mime-body.ts'
import { nastyMessage } from '../generator/nasty.ts'
import { Random } from '../generator/random.ts'
import { realisticCorpus } from '../generator/realistic.ts'

const random = new Random(20_261_123)
const corpus: readonly Buffer[] = [
  ...realisticCorpus(7, 60),
  ...Array.from({ length: 1_000 }, () => nastyMessage(random)),
]

const folder = mkdtempSync(join(tmpdir(), 'mailwright-mime-'))
for (const [index, octets] of corpus.entries()) writeFileSync(join(folder, String(index)), octets)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A node as both sides show it: a leaf has size and file name, a composite has nodes. */
interface Node {
  readonly type: string
  readonly nodes?: readonly Node[]
  readonly size?: number
  readonly filename?: string | null
  /** Ours only: the octets of a leaf as they stand. */
  readonly written?: string
  readonly encoding?: string
}

interface Difference {
  readonly what: 'type' | 'nodes' | 'count' | 'size' | 'filename'
  readonly ours: Node
  readonly theirs: Node
  readonly anomalies: ReadonlySet<MimeAnomaly>
  readonly hasDigest: boolean
}

interface KnownDifference {
  readonly reason: string
  readonly explains: (difference: Difference) => boolean
}

const ofText: KnownDifference = {
  reason:
    'what begins with a boundary is a delimiter for us, as for Dovecot (RFC 2046 §5.1.1); others want nothing behind it',
  explains: ({ anomalies }) => anomalies.has('delimiter-with-text'),
}

const pythonDifferences: readonly KnownDifference[] = [
  {
    reason:
      'of two multiparts with one boundary in each other Python gives the delimiters to the outer, we to the inner',
    explains: ({ anomalies }) => anomalies.has('same-boundary'),
  },
  {
    reason: 'a line that is no field ends the header for Python; for us it is kept in the header',
    explains: ({ anomalies }) => anomalies.has('header-stray-line'),
  },
  {
    reason: 'Python opens a message that claims to be encoded, without decoding it; we leave it closed',
    explains: ({ what, ours }) =>
      what === 'nodes' && ours.type === 'message/rfc822' && ours.encoding !== '7bit',
  },
  {
    reason: 'Python takes the blocks of a delivery status for messages; it is a leaf (RFC 3464)',
    explains: ({ what, ours }) => what === 'nodes' && ours.type === 'message/delivery-status',
  },
  {
    reason: 'of a multipart without parts Python drops lines that look like delimiters; we keep its octets',
    explains: ({ what, ours }) => what === 'size' && ours.type.startsWith('multipart/'),
  },
  {
    reason:
      'Python drops the last line end of a multipart that is not closed; no delimiter is there for it to belong to',
    explains: ({ what, ours, theirs, anomalies }) =>
      what === 'size' &&
      anomalies.has('unterminated-multipart') &&
      (ours.size ?? 0) - (theirs.size ?? 0) <= 2,
  },
  {
    reason:
      'Python decodes base64 up to the first padding; we read on, as others do, so that nothing hides there',
    explains: ({ what, ours }) =>
      what === 'size' && ours.encoding === 'base64' && /=[=\s]*[^=\s]/.test(ours.written ?? ''),
  },
  {
    reason: 'Python keeps blanks at the end of quoted-printable lines, which RFC 2045 §6.7 (3) wants deleted',
    explains: ({ what, ours }) =>
      what === 'size' && ours.encoding === 'quoted-printable' && /[ \t]\r?(?:\n|$)/.test(ours.written ?? ''),
  },
  {
    reason:
      'Python leaves encoded words in file names; they may not stand there, but most programs write and read them',
    explains: ({ what, ours, theirs }) =>
      what === 'filename' && decodeEncodedWords(theirs.filename ?? '') === ours.filename,
  },
  ofText,
]

function ourTree(part: MimePart, octets: Buffer): Node {
  const nodes = part.message === undefined ? part.children : [part.message]
  if (nodes.length === 0) return ourLeaf(part, octets)
  return { type: part.mediaType, nodes: nodes.map((each) => ourTree(each, octets)) }
}

function ourLeaf(part: MimePart, octets: Buffer): Node {
  const body = octets.subarray(part.bodyStart, part.bodyEnd)
  const { encoding, mediaType: type } = part
  const size = decodeBody(body, encoding).length
  return { type, size, filename: part.filename ?? null, written: body.toString('latin1'), encoding }
}

function* differences(ours: Node, theirs: Node, structure: MessageStructure): Generator<Difference> {
  const { anomalies } = structure
  const difference = (what: Difference['what']): Difference => {
    const hasDigest = [...walkParts(structure.root)].some(({ part }) => part.mediaType === 'multipart/digest')
    return { what, ours, theirs, anomalies, hasDigest }
  }
  if (ours.type !== theirs.type) yield difference('type')
  if ((ours.nodes === undefined) !== (theirs.nodes === undefined)) yield difference('nodes')
  else if (ours.nodes?.length !== theirs.nodes?.length) yield difference('count')
  else if (ours.nodes === undefined) {
    if (ours.size !== theirs.size) yield difference('size')
    if (ours.filename !== theirs.filename) yield difference('filename')
  }
  for (const [index, node] of (ours.nodes ?? []).entries()) {
    const other = theirs.nodes?.[index]
    if (other !== undefined && ours.nodes?.length === theirs.nodes?.length)
      yield* differences(node, other, structure)
  }
}

interface Comparison {
  same: number
  readonly unexplained: string[]
  readonly used: Set<string>
}

function judge(
  found: Iterable<Difference>,
  known: readonly KnownDifference[],
  name: string,
  result: Comparison,
): void {
  let count = 0
  for (const difference of found) {
    count += 1
    const row = known.find((each) => each.explains(difference))
    if (row !== undefined) result.used.add(row.reason)
    else result.unexplained.push(`${name}: ${show(difference)}`)
  }
  if (count === 0) result.same += 1
}

/** A difference in one line, without the octets. */
function show({ what, ours, theirs, anomalies }: Difference): string {
  const text = JSON.stringify({ what, ours, theirs }, (key, value) => (key === 'written' ? undefined : value))
  return `${text} ${[...anomalies].join(' ')}`
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', 'import email'])
    return true
  } catch {
    return false
  }
}

describe("Python's email package", () => {
  it('sees the same tree, but for what is listed', ({ skip }) => {
    if (!hasPython()) {
      expect(process.env.CI, 'python3 is missing, and CI must have it').not.toBe('1')
      expect(process.env.CI, 'python3 is missing, and CI must have it').not.toBe('true')
      skip('python3 is not installed')
    }
    const script = join(import.meta.dirname, 'mime_tree.py')
    const printed = execFileSync('python3', [script, folder], { maxBuffer: 256 * 1024 * 1024 })
    const theirs = JSON.parse(printed.toString()) as Record<string, Node>
    const result: Comparison = { same: 0, unexplained: [], used: new Set() }
    for (const [index, octets] of corpus.entries()) {
      const structure = scanMessage(octets)
      const other = theirs[String(index)] ?? { type: 'none' }
      judge(
        differences(ourTree(structure.root, octets), other, structure),
        pythonDifferences,
        `message ${index}`,
        result,
      )
    }
    expect(result.unexplained).toEqual([])
    expect([...result.used].sort()).toEqual(pythonDifferences.map((row) => row.reason).sort())
    expect(result.same).toBeGreaterThan(300)
  })
})

const mailparserDifferences: readonly KnownDifference[] = [
  {
    reason: 'of two multiparts with one boundary in each other mailparser may choose another than we do',
    explains: ({ anomalies }) => anomalies.has('same-boundary'),
  },
  {
    reason: 'mailparser guesses the type of application/octet-stream from the file name',
    explains: ({ what, ours }) => what === 'type' && ours.type === 'application/octet-stream',
  },
  {
    reason: 'mailparser does not know that parts of a digest are messages (RFC 2046 §5.1.5)',
    explains: ({ hasDigest, what }) => hasDigest && what !== 'filename',
  },
  {
    reason:
      'where a delimiter follows the header at once mailparser takes its line end for the body (RFC 2046 §5.1.1)',
    explains: ({ what, ours, theirs }) => what === 'size' && ours.size === 0 && (theirs.size ?? 0) <= 2,
  },
  ofText,
]

/**
 * What mailparser lists as attachments: leaves that are not shown as text, and messages, which it opens only where they
 * are said to be inline.
 */
function* attachments({ root }: MessageStructure, octets: Buffer): Generator<Node> {
  const waiting = [root]
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    const kind = part.disposition?.kind
    const opens = part.children.length > 0 || (part.message !== undefined && kind === 'inline')
    if (opens) {
      waiting.push(...part.children.toReversed(), ...(part.message === undefined ? [] : [part.message]))
      continue
    }
    const isText = ['text/plain', 'text/html', 'message/delivery-status'].includes(part.mediaType)
    const isShown = isText && (kind ?? 'inline') === 'inline'
    if (!isShown && part.contentType.type !== 'multipart') yield ourLeaf(part, octets)
  }
}

describe('mailparser', () => {
  it('sees the same attachments, but for what is listed', () => {
    const script = join(import.meta.dirname, 'mailparser-attachments.ts')
    const printed = execFileSync(process.execPath, [script, folder], { maxBuffer: 256 * 1024 * 1024 })
    const theirs = JSON.parse(printed.toString()) as Record<string, Node[]>
    const result: Comparison = { same: 0, unexplained: [], used: new Set() }
    for (const [index, octets] of corpus.entries()) {
      const structure = scanMessage(octets)
      const ours: Node = { type: 'list', nodes: [...attachments(structure, octets)] }
      const other: Node = { type: 'list', nodes: theirs[String(index)] ?? [] }
      judge(differences(ours, other, structure), mailparserDifferences, `message ${index}`, result)
    }
    expect(result.unexplained).toEqual([])
    expect([...result.used].sort()).toEqual(mailparserDifferences.map((row) => row.reason).sort())
    expect(result.same).toBeGreaterThan(300)
  })
})
