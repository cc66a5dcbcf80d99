import { maildirBase } from './maildir-message-name.ts'

/** Which UIDs a server gave to the messages of a Maildir. */
export interface MaildirUidList {
  readonly uidValidity: number
  readonly uidNext: number
  /** By the base of the file's name. */
  readonly uids: ReadonlyMap<string, number>
}

const highestUid = 4_294_967_295
const firstVersion = /^1 (\d{1,10}) (\d{1,10})$/
const thirdVersion = /^3( .*)$/

/**
 * Reads `dovecot-uidlist` (versions 1 and 3) or Courier's `courierimapuiddb`, which is version 1. Undefined where the
 * first line is not theirs; further lines that make no sense, or whose UIDs do not ascend, are left out.
 */
export function parseMaildirUidList(octets: Buffer): MaildirUidList | undefined {
  const lines = octets.toString('latin1').split('\n')
  const head = lines[0] ?? ''
  const first = firstVersion.exec(head)
  if (first !== null) return uidList(Number(first[1]), Number(first[2]), lines, /^(\d{1,10}) (\S.*)$/)
  const [, fields = ''] = thirdVersion.exec(head) ?? []
  const validity = / V(\d{1,10})(?= |$)/.exec(fields)
  const next = / N(\d{1,10})(?= |$)/.exec(fields)
  if (validity === null || next === null) return undefined
  // Between the UID and the colon there may be fields such as the virtual size.
  return uidList(Number(validity[1]), Number(next[1]), lines, /^(\d{1,10}) (?:[^:]* )?:(.+)$/)
}

function uidList(
  uidValidity: number,
  uidNext: number,
  lines: readonly string[],
  form: RegExp,
): MaildirUidList | undefined {
  if (uidValidity < 1 || uidValidity > highestUid || uidNext > highestUid) return undefined
  const uids = new Map<string, number>()
  let last = 0
  for (let place = 1; place < lines.length; place++) {
    const [, digits = '', name = ''] = form.exec(lines[place] ?? '') ?? []
    const uid = Number(digits)
    if (name === '' || uid <= last || uid > highestUid) continue
    last = uid
    uids.set(maildirBase(name), uid)
  }
  return { uidValidity, uidNext: Math.max(uidNext, last + 1), uids }
}

/** `dovecot-uidlist` in its version 3. The UIDs ascend. */
export function formatDovecotUidList({ uidValidity, uidNext, uids }: MaildirUidList): string {
  const lines = [...uids].map(([base, uid]) => `${uid} :${base}\n`)
  return `3 V${uidValidity} N${uidNext}\n${lines.join('')}`
}
