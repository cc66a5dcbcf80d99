import { parseMaildirFileName } from './file-name.ts'
import { endedLines } from './lines.ts'
import { isPop3Uidl } from './pop3-uidl.ts'

/** The file in a mailbox where Courier keeps the UIDLs of POP3. */
export const courierPop3ListFile = 'courierpop3dsizelist'

const header = /^\/[23] \d{1,20}(?: \d{1,20})?$/
const entry = /^(.+) \d{1,20} (\d{1,20}):(\d{1,20})(?::[01])?$/

/**
 * Reads the UIDLs that Courier told POP3 clients, by the file's name without flags. After `/2 <next> <list>` or, since
 * Courier speaks UTF-8, `/3 …` there is `<file name> <size> <n>:<list>` a line, and `:0` or `:1` behind it in version
 * 3. The UIDL is `UID<n>-<list>`; `UID<n>` where the list is 0, and the file's escaped base name where `n` is: those
 * messages were numbered by earlier forms.
 *
 * The sizes are wrong for files with CRLF line ends and are not read. A line that is none is passed over, and its
 * message gets a new UIDL. Undefined for other versions: Courier does not read them any more either.
 */
export function parseCourierPop3List(octets: Buffer): ReadonlyMap<string, string> | undefined {
  const lines = endedLines(octets)
  const first = lines.next()
  if (first.done === true || first.value === undefined || !header.test(first.value)) return undefined
  const uidls = new Map<string, string>()
  for (const line of lines) {
    const [, fileName = '', number = '', list = ''] = entry.exec(line ?? '') ?? []
    const base = parseMaildirFileName(fileName)?.base
    if (base === undefined) continue
    const uidl = uidlOf(base, number, list)
    if (isPop3Uidl(uidl)) uidls.set(base, uidl)
  }
  return uidls
}

function uidlOf(base: string, number: string, list: string): string {
  if (number === '0') return escapeBase(base)
  return list === '0' ? `UID${number}` : `UID${number}-${list}`
}

/** Courier's own way: a plus and two digits for every octet that it did not dare to say. */
function escapeBase(base: string): string {
  const octets = Buffer.from(base).toString('latin1')
  return octets.replace(
    /[^\x21\x23-\x26\x28-\x2a\x2c-\x7e]/g,
    (octet) => `+${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
