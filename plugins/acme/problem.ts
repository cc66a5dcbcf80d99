import { UnavailableError } from 'mailwright'
import { isRecord, textOf } from './answer.ts'

const prefix = 'urn:ietf:params:acme:error:'

/** What the authority says is wrong (RFC 8555 §6.7, RFC 9457). */
export class AcmeProblem extends UnavailableError {
  /** Such as `rateLimited`; empty where it names none of ACME's. */
  readonly type: string
  /** Of HTTP. */
  readonly status: number
  /** Milliseconds to wait before asking again, where it says so. */
  readonly retryAfter: number | undefined

  constructor(status: number, body: unknown, retryAfter: number | undefined) {
    super(`the authority answers ${status}: ${problemText(body)}`)
    this.type = problemType(body)
    this.status = status
    this.retryAfter = retryAfter
  }
}

/** What a problem document says, in one line, those of single names too. */
export function problemText(body: unknown): string {
  if (!isRecord(body)) return 'and gives no reason'
  const type = problemType(body)
  const detail = textOf(body.detail)
  // RFC 8555 §7.3.3: the page where somebody has to do something.
  const page = type === 'userActionRequired' ? textOf(body.instance) : ''
  const own = [type, detail, page].filter((text) => text !== '').join(': ') || 'and gives no reason'
  const { subproblems } = body
  if (!Array.isArray(subproblems)) return own
  const parts = subproblems.slice(0, 10).map((each) => {
    const name = isRecord(each) && isRecord(each.identifier) ? textOf(each.identifier.value) : ''
    return `${name} ${problemText(each)}`.trim()
  })
  return [own, ...parts].join('; ')
}

function problemType(body: unknown): string {
  const type = isRecord(body) ? textOf(body.type) : ''
  return type.startsWith(prefix) ? type.slice(prefix.length) : ''
}
