import { capabilities, capability } from './capability.ts'
import { Cursor, type Dialect } from './cursor.ts'
import { messageAttributes } from './fetch.ts'
import { digit, number, spaced, tagChar, textChar, utf8Character, word } from './lexis.ts'
import { mailboxList } from './mailbox-list.ts'
import type { ContinueRequest, DataResponse, Response, StatusResponse } from './response.ts'
import { responseCode } from './response-code.ts'
import { esearch, foundNumbers, threads } from './search-data.ts'
import {
  aclData,
  comparatorData,
  idData,
  jmapAccessData,
  languageData,
  listRightsData,
  metadataData,
  myRightsData,
  namespaceData,
  quotaData,
  quotaRootData,
  statusData,
} from './server-data.ts'
import { flag, flagList, numberSet } from './values.ts'

type DataReader = (cursor: Cursor) => DataResponse

const readers: Readonly<Record<string, DataReader>> = {
  CAPABILITY: (cursor) => ({ kind: 'capability', names: capabilities(cursor) }),
  ENABLED: (cursor) => ({ kind: 'enabled', names: spaced(cursor, capability) }),
  FLAGS: (cursor) => {
    cursor.space()
    return { kind: 'flags', flags: flagList(cursor, flag) }
  },
  LIST: (cursor) => ({ kind: 'list', ...mailboxList(cursor) }),
  // RFC 3501 §9
  LSUB: (cursor) => ({ kind: 'lsub', ...mailboxList(cursor) }),
  STATUS: statusData,
  SEARCH: (cursor) => ({ kind: 'search', ...foundNumbers(cursor) }),
  ESEARCH: (cursor) => ({ kind: 'esearch', ...esearch(cursor) }),
  NAMESPACE: namespaceData,
  // RFC 5256 §5
  SORT: (cursor) => ({ kind: 'sort', ...foundNumbers(cursor) }),
  THREAD: (cursor) => ({ kind: 'thread', threads: threads(cursor) }),
  // RFC 7162 §7
  VANISHED: vanished,
  ID: idData,
  ACL: aclData,
  LISTRIGHTS: listRightsData,
  MYRIGHTS: myRightsData,
  QUOTA: quotaData,
  QUOTAROOT: quotaRootData,
  METADATA: metadataData,
  LANGUAGE: languageData,
  COMPARATOR: comparatorData,
  JMAPACCESS: jmapAccessData,
}

const conditions = ['OK', 'NO', 'BAD', 'BYE', 'PREAUTH'] as const
const letter = Array.from({ length: 256 }, (_, octet) => /[A-Za-z]/.test(String.fromCharCode(octet)))

/**
 * Reads one whole response, its literals and its CRLF with it, by RFC 9051 §9 or RFC 3501 §9 and what the extensions add.
 * Throws a GrammarError for everything else, unknown responses included.
 */
export function parseResponse(octets: Buffer, dialect: Dialect): Response {
  const cursor = new Cursor(octets, dialect)
  const response = read(cursor)
  cursor.expect('\r\n')
  if (!cursor.isAtEnd) cursor.fail('more than one response')
  return response
}

function read(cursor: Cursor): Response {
  if (cursor.takes('+')) return continueRequest(cursor)
  if (!cursor.takes('*')) return tagged(cursor)
  cursor.space()
  const start = cursor.position
  if (digit[cursor.peek()]) return numbered(cursor)
  const keyword = word(cursor, letter, 'a response').toUpperCase()
  const condition = conditions.find((each) => each === keyword)
  if (condition !== undefined) return status(cursor, undefined, condition)
  return readers[keyword]?.(cursor) ?? cursor.fail('unknown response', start)
}

/** continue-req: base64 is text as well. */
function continueRequest(cursor: Cursor): ContinueRequest {
  cursor.space()
  if (cursor.sees('[')) {
    responseCode(cursor)
    cursor.space()
  }
  return { kind: 'continue', text: text(cursor) }
}

/** response-tagged */
function tagged(cursor: Cursor): StatusResponse {
  const tag = word(cursor, tagChar, 'a tag')
  cursor.space()
  const start = cursor.position
  const keyword = word(cursor, letter, 'OK, NO or BAD').toUpperCase()
  const condition = (['OK', 'NO', 'BAD'] as const).find((each) => each === keyword)
  return condition === undefined
    ? cursor.fail('expected OK, NO or BAD', start)
    : status(cursor, tag, condition)
}

/** resp-text: RFC 3501 §9 wants text, RFC 9051 §9 can do without. */
function status(
  cursor: Cursor,
  tag: string | undefined,
  condition: StatusResponse['condition'],
): StatusResponse {
  cursor.space()
  const code = cursor.sees('[') ? responseCode(cursor) : undefined
  if (code !== undefined) cursor.space()
  const words = text(cursor)
  if (words === '' && !cursor.dialect.rev2) cursor.fail('expected text')
  return { kind: 'status', tag, condition, code, text: words }
}

/** text: in UTF-8 only where IMAP4rev2 is enabled. */
function text(cursor: Cursor): string {
  let words = cursor.takeWhile(textChar)
  while (cursor.peek() >= 0x80) {
    if (!cursor.dialect.rev2) cursor.fail('text in UTF-8, and IMAP4rev2 is not enabled')
    words += utf8Character(cursor) + cursor.takeWhile(textChar)
  }
  return words
}

/** message-data, EXISTS and RECENT, and of RFC 9586 UIDFETCH. */
function numbered(cursor: Cursor): DataResponse {
  const start = cursor.position
  const value = number(cursor)
  cursor.space()
  if (cursor.takes('EXISTS')) return { kind: 'exists', number: value }
  if (!cursor.dialect.rev2 && cursor.takes('RECENT')) return { kind: 'recent', number: value }
  if (value === 0 || cursor.octets[start] === 0x30)
    cursor.fail('expected a number that does not begin with 0', start)
  if (cursor.takes('EXPUNGE')) return { kind: 'expunge', number: value }
  const byUid = cursor.takes('UIDFETCH ')
  if (!byUid && !cursor.takes('FETCH ')) cursor.fail('unknown response')
  return { kind: 'fetch', number: value, byUid, items: messageAttributes(cursor) }
}

/** `"VANISHED" [SP "(EARLIER)"] SP known-uids` */
function vanished(cursor: Cursor): DataResponse {
  cursor.space()
  const earlier = cursor.takes('(EARLIER) ')
  return { kind: 'vanished', earlier, uids: numberSet(cursor) }
}
