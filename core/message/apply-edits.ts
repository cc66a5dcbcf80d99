import { bufferContent, type Content, joinedContent, type Slice } from '../model/content.ts'
import type { Edit } from '../model/edit.ts'
import type { Message } from '../model/message.ts'
import { createMessage } from './create-message.ts'

/** One field of a header that is being edited: the octets as received, or new ones. */
interface Piece {
  readonly name: string
  readonly slice: Slice
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
  return createMessage(joinedContent([...pieces.map((piece) => piece.slice), headerEnd(message), body]))
}

function headerPieces({ content, header }: Message): readonly Piece[] {
  return header.fields.map((field) => ({
    name: field.name.toLowerCase(),
    slice: { content, start: field.start, end: field.end },
  }))
}

/** What stands between the last field and the body: the empty line and what no limit let be read, as received. */
function headerEnd({ content, header }: Message): Slice {
  const start = header.fields.at(-1)?.end ?? 0
  return header.ended ? { content, start, end: header.size } : newOctets('\r\n')
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
  return { name: name.toLowerCase(), slice: newOctets(`${name}: ${value}\r\n`) }
}

function newOctets(text: string): Slice {
  const content: Content = bufferContent(Buffer.from(text))
  return { content, start: 0, end: content.size }
}
