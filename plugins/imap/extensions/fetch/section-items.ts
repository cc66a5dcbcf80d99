import type { ImapFetchAttribute, ImapFetchItem, ImapMessage } from 'mailwright/imap'
import { knownSection } from '../../sections/known-section.ts'
import {
  isOfPart,
  messageHeader,
  messageText,
  type Partial,
  type Section,
  sectionText,
  wholeMessage,
} from '../../sections/section.ts'
import { sectionContent } from '../../sections/section-content.ts'
import { readPartial, readSection } from '../../sections/section-reader.ts'

/** BODY[section]<partial> and BODY.PEEK; responses call both BODY (RFC 9051 §6.4.5). */
export function bodySection(setsSeen: boolean): ImapFetchItem {
  return (args) => {
    const section = readSection(args)
    const partial = readPartial(args)
    return {
      ...sectionAttribute(`BODY${sectionText(section, partial)}`, section, partial),
      name: `BODY${sectionText(section)}${partial ? `<${partial.start}.${partial.length}>` : ''}`,
      setsSeen,
    }
  }
}

/** The names that RFC 3501 §6.4.5 has for some sections, and RFC 9051 no more (its Appendix E). */
function rfc822Item(name: string, section: Section, setsSeen: boolean): ImapFetchItem {
  return (args, { enabled }) => {
    if (enabled.has('IMAP4REV2')) args.fail(`${name} is not an item of IMAP4rev2`)
    return { ...sectionAttribute(name, section, undefined), setsSeen }
  }
}

/** The items that RFC 9051 has dropped. */
export const rfc822Items: Readonly<Record<string, ImapFetchItem>> = {
  RFC822: rfc822Item('RFC822', wholeMessage, true),
  'RFC822.HEADER': rfc822Item('RFC822.HEADER', messageHeader, false),
  'RFC822.TEXT': rfc822Item('RFC822.TEXT', messageText, true),
}

function sectionAttribute(
  label: string,
  section: Section,
  partial: Partial | undefined,
): Pick<ImapFetchAttribute, 'needs' | 'text' | 'read'> {
  const known = knownSection(section, partial)
  const needsStructure = isOfPart(section)
  return {
    ...(known !== undefined || needsStructure ? { needs: 'summary' } : {}),
    ...(known && {
      text(message: ImapMessage): string | undefined {
        const text = known(message.summary)
        return text === undefined ? undefined : `${label} ${text}`
      },
    }),
    async read(message) {
      const structure = needsStructure ? message.summary.structure : undefined
      const whole = await message.content()
      const content = await sectionContent(section, whole, structure, partial, message.keeps)
      return content === undefined
        ? { head: `${label} NIL` }
        : { head: `${label} {${content.size}}\r\n`, content }
    },
  }
}
