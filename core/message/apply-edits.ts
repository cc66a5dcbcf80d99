import { bufferContent, type Content, joinedContent, type Slice } from '../model/content.ts'
import type { Edit } from '../model/edit.ts'
import type { HeaderField } from '../model/header/header.ts'
import type { Message } from '../model/message.ts'
import { createMessage } from './create-message.ts'

const LF = 10

/** One field of a header that is being edited: the octets as received, or new ones. */
interface Piece {
  readonly name: string
  readonly slices: readonly Slice[]
}

/**
 * The message with the edits of its header and body; the octets that no edit touches are the same octets, not copies.
 * The edits were checked; one for a field that is not there changes nothing, as with milter.
 */
export async function applyEdits(message: Message, edits: readonly Edit[]): Promise<Message> {
  let pieces = headerPieces(message)
  let body: Slice = { content: message.content, start: message.header.size, end: message.size }
  for (const edit of edits) {
    if (edit.kind === 'replace-body') body = { content: edit.body, start: 0, end: edit.body.size }
    else pieces = editHeader(pieces, edit)
  }
  const slices = [...pieces.flatMap((piece) => piece.slices), ...headerEnd(message, body), body]
  return createMessage(joinedContent(slices))
}

function headerPieces(message: Message): readonly Piece[] {
  const { content } = message
  return readFields(message).map(({ name, raw, start, end }) => {
    const field: Slice = { content, start, end }
    // The last line of a message may lack its end, and another field may be put below it.
    const slices = raw.at(-1) === LF ? [field] : [field, newOctets('\r\n')]
    return { name: name.toLowerCase(), slices }
  })
}

/** The fields that were read to their ends: where the header goes on beyond what is read, the last one was not. */
function readFields({ header, size }: Message): readonly HeaderField[] {
  return header.ended || header.size === size ? header.fields : header.fields.slice(0, -1)
}

/** What stands between the last field and the body: what no limit let be read, as received, and the empty line. */
function headerEnd(message: Message, body: Slice): readonly Slice[] {
  const { content, header, size } = message
  const rest = { content, start: readFields(message).at(-1)?.end ?? 0, end: header.size }
  const lacksEmptyLine = !header.ended && header.size === size && body.end > body.start
  return lacksEmptyLine ? [rest, newOctets('\r\n')] : [rest]
}

function editHeader(pieces: readonly Piece[], edit: Edit): readonly Piece[] {
  switch (edit.kind) {
    case 'insert-field':
      return pieces.toSpliced(edit.position ?? 0, 0, newField(edit.name, edit.value))
    case 'change-field': {
      const at = nthOfName(pieces, edit.name, edit.occurrence)
      return at < 0 ? pieces : pieces.with(at, newField(edit.name, edit.value))
    }
    case 'delete-field': {
      const at = nthOfName(pieces, edit.name, edit.occurrence)
      return at < 0 ? pieces : pieces.toSpliced(at, 1)
    }
    default:
      return pieces
  }
}

function nthOfName(pieces: readonly Piece[], name: string, occurrence: number): number {
  let seen = 0
  return pieces.findIndex((piece) => piece.name === name.toLowerCase() && ++seen === occurrence)
}

function newField(name: string, value: string): Piece {
  return { name: name.toLowerCase(), slices: [newOctets(`${name}: ${value}\r\n`)] }
}

function newOctets(text: string): Slice {
  const content: Content = bufferContent(Buffer.from(text))
  return { content, start: 0, end: content.size }
}
