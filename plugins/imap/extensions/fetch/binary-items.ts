import type { Content } from 'mailwright'
import type { ImapFetchItem, ImapMessage } from 'mailwright/imap'
import { no, Refusal } from '../../engine/result.ts'
import { binaryContent } from '../../sections/binary-content.ts'
import { type Partial, type Section, sectionText } from '../../sections/section.ts'
import { readBinarySection, readPartial } from '../../sections/section-reader.ts'

/** BINARY[section]<partial> and BINARY.PEEK: a part without its transfer encoding (RFC 3516 §4.2). */
export function binaryItem(setsSeen: boolean): ImapFetchItem {
  return (args) => {
    const section = readBinarySection(args)
    const partial = readPartial(args)
    const label = `BINARY${sectionText(section, partial)}`
    return {
      name: partial ? `${label}.${partial.length}` : label,
      needs: 'summary',
      setsSeen,
      async read(message) {
        const found = await decoded(message, section, partial)
        if (found === undefined) return { head: `${label} NIL` }
        const { content, hasNul } = found
        return { head: `${label} ${hasNul ? '~' : ''}{${content.size}}\r\n`, content }
      },
    }
  }
}

/** BINARY.SIZE[section] (RFC 3516 §4.2). */
export const binarySize: ImapFetchItem = (args) => {
  const section = readBinarySection(args)
  const label = `BINARY.SIZE${sectionText(section)}`
  return {
    name: label,
    needs: 'summary',
    async read(message) {
      const found = await decoded(message, section, undefined)
      return { head: `${label} ${found?.content.size ?? 0}` }
    },
  }
}

async function decoded(
  message: ImapMessage,
  section: Section,
  partial: Partial | undefined,
): Promise<{ readonly content: Content; readonly hasNul: boolean } | undefined> {
  const content = await message.content()
  const found = await binaryContent(section, content, message.summary.structure, partial, message.keeps)
  // RFC 3516 §4.3: the command fails, and nothing of this message is sent.
  if (found.kind === 'unknown encoding')
    throw new Refusal(no('The encoding of that part is unknown', 'UNKNOWN-CTE'))
  return found.kind === 'octets' ? found : undefined
}
