import { resolvedPath } from './path.ts'
import { percentDecoded } from './percent.ts'

/** What a URL with `imap:` names: a message, or a part of one (RFC 5092 §6). */
export interface MessageUrl {
  /** Undefined where the URL leaves it to its base: the server, account and mailbox that are in use. */
  readonly server: UrlServer | undefined
  readonly mailbox: string | undefined
  readonly uidValidity: number | undefined
  readonly uid: number
  /** What stands in brackets behind BODY, as octets: `1.2.MIME`. Empty for the whole message. */
  readonly section: string
  /** Octets of that part. */
  readonly partial: UrlPartial | undefined
}

/** The server that a URL names, and who is to be logged in there. */
export interface UrlServer {
  readonly user: string | undefined
  /** In lower case. */
  readonly host: string
  readonly port: number | undefined
}

export interface UrlPartial {
  readonly offset: number
  /** Undefined for all that is left. */
  readonly length: number | undefined
}

// RFC 5092 §11, without `/`: `;` stands between the components only.
const character = "(?:[A-Za-z0-9\\-._~!$'()*+,&=:@/]|%[0-9A-Fa-f]{2})"
const message = `;UID=([1-9]\\d{0,9})(?:/;SECTION=(${character}+))?(?:/;PARTIAL=(\\d{1,15})(?:\\.([1-9]\\d{0,14}))?)?`
const absolutePath = new RegExp(`^/(${character}+?)(?:;UIDVALIDITY=([1-9]\\d{0,9}))?/${message}$`, 'i')
const relativePath = new RegExp(`^${message}$`, 'i')
const networkPath = /^(?:imap:)?\/\/(?:([^@/?#]*)@)?(\[[^\]/?#]*\]|[^:@/?#[\]]*)(?::(\d{0,5}))?(?=\/)/i
const userCharacter = "(?:[A-Za-z0-9\\-._~!$'()*+,&=]|%[0-9A-Fa-f]{2})"
const userForm = new RegExp(`^(?=.)(${userCharacter}+)?(?:;AUTH=${userCharacter}+)?$`, 'i')

const largestNumber = 4_294_967_295

/**
 * Reads a URL of a message: absolute, or relative to the server, or (`;UID=20`) to the mailbox that is in use. Undefined
 * for whatever else: lists of messages, URLs with an authorization (RFC 4467), other schemes, what is malformed.
 */
export function parseMessageUrl(text: string): MessageUrl | undefined {
  const network = networkPath.exec(text)
  const server = network === null ? undefined : serverOf(network)
  if (network !== null && server === undefined) return undefined
  const path = text.slice(network?.[0].length ?? 0)
  // RFC 4469 §3: the selected mailbox is the base. RFC 5092 §7.2 wants no relative paths; this one is in its §9.1.
  if (network === null && path.startsWith(';')) return urlOf(relativePath.exec(path), undefined)
  const matched = absolutePath.exec(resolvedPath(path))
  if (matched === null) return undefined
  const [whole, mailbox = '', uidValidity, ...others] = matched
  const name = decodedText(mailbox)
  if (name === undefined || name === '') return undefined
  return urlOf([whole, ...others], {
    server,
    mailbox: name.replace(/^inbox(?=\/|$)/i, 'INBOX'),
    uidValidity: uidValidity === undefined ? undefined : Number(uidValidity),
  })
}

function urlOf(
  matched: readonly (string | undefined)[] | null,
  place: Pick<MessageUrl, 'server' | 'mailbox' | 'uidValidity'> | undefined,
): MessageUrl | undefined {
  if (matched === null) return undefined
  const [, uid, section = '', offset, length] = matched
  const url = {
    ...(place ?? { server: undefined, mailbox: undefined, uidValidity: undefined }),
    uid: Number(uid),
    section: percentDecoded(section).toString('latin1'),
    partial:
      offset === undefined
        ? undefined
        : { offset: Number(offset), length: length === undefined ? undefined : Number(length) },
  }
  return url.uid > largestNumber || (url.uidValidity ?? 0) > largestNumber ? undefined : url
}

function serverOf([, userInfo, host = '', port]: RegExpExecArray): UrlServer | undefined {
  const encoded = userInfo === undefined ? undefined : userForm.exec(userInfo)
  if (host === '' || encoded === null) return undefined
  const user = encoded?.[1] === undefined || encoded[1] === '' ? undefined : decodedText(encoded[1])
  if (encoded?.[1] && user === undefined) return undefined
  return {
    user,
    host: host.toLowerCase(),
    port: port === undefined || port === '' ? undefined : Number(port),
  }
}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** RFC 5092 §8: names are UTF-8. */
function decodedText(encoded: string): string | undefined {
  try {
    return strictUtf8.decode(percentDecoded(encoded))
  } catch {
    return undefined
  }
}
