import { type Content, errorCode, formatAddress, type Mailbox } from 'mailwright'
import type { ImapSession } from 'mailwright/imap'
import { Arguments } from '../../engine/arguments.ts'
import { no, Refusal } from '../../engine/result.ts'
import { KeptOctets } from '../../sections/kept-octets.ts'
import { type Section, wholeMessage } from '../../sections/section.ts'
import { sectionContent } from '../../sections/section-content.ts'
import { readSectionSpecification } from '../../sections/section-reader.ts'
import { type MessageUrl, parseMessageUrl, type UrlServer } from '../../url/message-url.ts'

/** Messages and parts that URLs name, as FETCH BODY.PEEK would tell them (RFC 4469 §3). `release` closes their mailboxes. */
export class UrlContents {
  readonly #session: ImapSession
  readonly #opened = new Map<string, Mailbox>()
  readonly #keeps = new KeptOctets()

  constructor(session: ImapSession) {
    this.#session = session
  }

  /** Fails with BADURL where there is no such part. */
  async read(text: string): Promise<Content> {
    const url = parseMessageUrl(text)
    const section = url === undefined ? undefined : sectionOf(url.section)
    if (url === undefined || section === undefined || !isHere(url.server, this.#session)) throw badUrl(text)
    try {
      const content = await this.#read(url, section)
      if (content !== undefined) return content
    } catch (error) {
      if (error instanceof Refusal || !meansNothingThere(error)) throw error
    }
    throw badUrl(text)
  }

  async release(): Promise<void> {
    for (const mailbox of this.#opened.values()) await mailbox.close()
    this.#opened.clear()
  }

  async #read({ mailbox: name, uidValidity, uid, partial }: MessageUrl, section: Section) {
    const mailbox = await this.#mailbox(name)
    if (mailbox === undefined || (uidValidity ?? mailbox.uidValidity) !== mailbox.uidValidity)
      return undefined
    const content = await mailbox.content(uid)
    const structure = section.part.length === 0 ? undefined : await structureOf(mailbox, uid)
    const { offset = 0, length = Number.MAX_SAFE_INTEGER } = partial ?? {}
    const range = partial && { start: offset, length }
    return sectionContent(section, content, structure, range, this.#keeps)
  }

  async #mailbox(name: string | undefined): Promise<Mailbox | undefined> {
    const { selected, mail } = this.#session
    if (name === undefined || name === selected?.name) return selected?.mailbox
    const known = this.#opened.get(name)
    if (known !== undefined) return known
    await this.#session.access(name, 'read')
    const mailbox = await mail.openMailbox(name)
    this.#opened.set(name, mailbox)
    return mailbox
  }
}

async function structureOf(mailbox: Mailbox, uid: number) {
  for await (const { structure } of mailbox.summaries([uid])) return structure
  return undefined
}

/** What stands behind `;SECTION=`; undefined where it is no section. */
function sectionOf(text: string): Section | undefined {
  if (text === '') return wholeMessage
  const args = new Arguments([text], { utf8: false })
  try {
    const section = readSectionSpecification(args)
    return args.atEnd ? section : undefined
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/** RFC 4469 §3: of this server, as this session sees it. */
function isHere(
  server: UrlServer | undefined,
  { server: { hostname }, account, flow }: ImapSession,
): boolean {
  if (server === undefined) return true
  const { user, host, port } = server
  if (host !== hostname.toLowerCase() || (port ?? flow.session.local.port) !== flow.session.local.port)
    return false
  return (
    user === undefined ||
    user === account.id ||
    user.toLowerCase() === formatAddress(account.address).toLowerCase()
  )
}

function meansNothingThere(error: unknown): boolean {
  const code = errorCode(error)
  return code === 'MAIL_E_NOT_FOUND' || code === 'MAIL_E_INVALID' || code === 'MAIL_E_PERMISSION'
}

/** RFC 4469 §5 url-resp-text: neither `]` nor line ends; and it is not empty. */
function badUrl(url: string): Refusal {
  const told = url.replace(
    /[\0\r\n\]\x7f-\xff]/g,
    (octet) => `%${octet.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  )
  return new Refusal(no('That URL names nothing here', `BADURL ${told === '' ? '""' : told}`))
}
