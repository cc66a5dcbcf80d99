import { hostname } from 'node:os'
import type { DropEnvelope } from '../../formats/drop-file.ts'
import { formatAddress, parseBarePath, parsePath } from '../../model/address/address.ts'
import { DropWriter } from './drop-writer.ts'
import { exitCodes, SendmailError } from './exit-codes.ts'
import type { SubmissionSurroundings } from './submission.ts'
import { withoutNul } from './without-nul.ts'

const LF = 0x0a
const DOT = 0x2e
// RFC 5321 §4.5.3.1.4 has 512 octets, and extensions make it longer.
const longestCommand = 4_096
const mostRecipients = 10_000

/** Runs `sendmail -bs`: SMTP on standard input and output, into the drop folder. Resolves at QUIT, or where the input ends. */
export function speakSmtp(
  input: AsyncIterable<Buffer>,
  answer: (line: string) => void,
  surroundings: SubmissionSurroundings,
): Promise<void> {
  return new SmtpDialogue(input, answer, surroundings).run()
}

interface Envelope {
  readonly sender: string
  readonly recipients: string[]
  readonly body?: '7BIT' | '8BITMIME'
}

class SmtpDialogue {
  readonly #lines: AsyncGenerator<Line>
  readonly #answer: (line: string) => void
  readonly #surroundings: SubmissionSurroundings
  #envelope: Envelope | undefined

  constructor(
    input: AsyncIterable<Buffer>,
    answer: (line: string) => void,
    surroundings: SubmissionSurroundings,
  ) {
    this.#lines = linesOf(input)
    this.#answer = (line) => answer(`${line}\r\n`)
    this.#surroundings = surroundings
  }

  async run(): Promise<void> {
    this.#answer(`220 ${hostname()} ESMTP Mailwright`)
    for await (const { octets, isStart } of this.#lines) {
      if (!isStart) continue
      const text = octets.toString('utf8', 0, longestCommand).replace(/\r?\n$/, '')
      const [verb = ''] = text.split(' ')
      if (octets.length > longestCommand) this.#answer('500 5.5.2 Line too long')
      else if (verb.toUpperCase() === 'QUIT') {
        this.#answer('221 2.0.0 Bye')
        return
      } else if (verb.toUpperCase() === 'DATA') await this.#data()
      else this.#answer(this.#reply(verb.toUpperCase(), text.slice(verb.length).trim()))
    }
  }

  #reply(verb: string, rest: string): string {
    switch (verb) {
      case 'EHLO':
        this.#envelope = undefined
        return `250-${hostname()}\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 ENHANCEDSTATUSCODES`
      case 'HELO':
        this.#envelope = undefined
        return `250 ${hostname()}`
      case 'MAIL':
        return this.#mail(rest)
      case 'RCPT':
        return this.#recipient(rest)
      case 'RSET':
        this.#envelope = undefined
        return '250 2.0.0 Ok'
      case 'NOOP':
        return '250 2.0.0 Ok'
      case 'VRFY':
        return '252 2.0.0 Try it'
      default:
        return '502 5.5.1 Command not implemented'
    }
  }

  #mail(rest: string): string {
    if (this.#envelope !== undefined) return '503 5.5.1 There is a sender already'
    const path = pathOf('FROM:', rest)
    if (path === undefined) return '501 5.1.7 Bad sender: MAIL FROM:<address>'
    const parameters = path.rest
      .toUpperCase()
      .split(' ')
      .filter((word) => word !== '')
    const body = parameters.find((word) => word === 'BODY=8BITMIME' || word === 'BODY=7BIT')
    const others = parameters.filter(
      // RFC 4954 §5: nobody here is to trust an identity that is handed on.
      (word) => word !== body && word !== 'SMTPUTF8' && !/^(?:SIZE=\d+|AUTH=\S+)$/.test(word),
    )
    if (others.length > 0) return '555 5.5.4 Parameter not supported'
    this.#envelope = {
      sender: path.address,
      recipients: [],
      ...(body === undefined ? {} : { body: body === 'BODY=7BIT' ? '7BIT' : '8BITMIME' }),
    }
    return '250 2.1.0 Ok'
  }

  #recipient(rest: string): string {
    const path = pathOf('TO:', rest)
    if (this.#envelope === undefined) return '503 5.5.1 MAIL comes first'
    if (path === undefined || path.address === '') return '501 5.1.3 Bad recipient: RCPT TO:<address>'
    if (path.rest.trim() !== '') return '555 5.5.4 Parameter not supported'
    if (this.#envelope.recipients.length >= mostRecipients) return '452 4.5.3 Too many recipients'
    this.#envelope.recipients.push(path.address)
    return '250 2.1.5 Ok'
  }

  async #data(): Promise<void> {
    const envelope = this.#envelope
    if (envelope === undefined || envelope.recipients.length === 0) {
      this.#answer('503 5.5.1 MAIL and RCPT come first')
      return
    }
    this.#envelope = undefined
    const { dropFolder, writing } = this.#surroundings
    const incoming = new IncomingMessage()
    incoming.begin(dropFolder, envelope, writing)
    this.#answer('354 End with a lone dot')
    const isWhole = await this.#receive((octets) => incoming.write(octets))
    if (isWhole) this.#answer(incoming.finish())
    else incoming.abandon()
  }

  /** Reads a message; answers whether its end has come. */
  async #receive(take: (line: Buffer) => void): Promise<boolean> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done === true) return false
      const { octets, isStart } = value
      if (isStart && /^\.\r?\n$/.test(octets.toString('latin1', 0, 4))) return true
      // RFC 5321 §4.5.2.
      take(isStart && octets[0] === DOT ? octets.subarray(1) : octets)
    }
  }
}

/** What is read behind DATA. The octets of a message that cannot be kept are read all the same: they are no commands. */
class IncomingMessage {
  #writer: DropWriter | undefined
  #failure: SendmailError | undefined

  begin(folder: string, envelope: DropEnvelope, writing: (writer: DropWriter) => void): void {
    this.#keep(() => {
      this.#writer = DropWriter.create(folder, envelope)
      writing(this.#writer)
    })
  }

  write(octets: Buffer): void {
    this.#keep(() => this.#writer?.write(withoutNul(octets)))
  }

  /** Answers the reply. */
  finish(): string {
    this.#keep(() => this.#writer?.finish())
    return this.#failure === undefined ? '250 2.0.0 Queued' : refusal(this.#failure)
  }

  abandon(): void {
    this.#writer?.abandon()
  }

  #keep(step: () => void): void {
    if (this.#failure !== undefined) return
    try {
      step()
    } catch (error) {
      this.abandon()
      this.#failure =
        error instanceof SendmailError ? error : new SendmailError(exitCodes.temporary, String(error))
    }
  }
}

function refusal({ exitCode, message }: SendmailError): string {
  const text = message.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 400)
  if (exitCode === exitCodes.data) return `554 5.6.0 ${text}`
  return exitCode === exitCodes.noPermission ? `550 5.7.1 ${text}` : `451 4.3.0 ${text}`
}

/** What stands behind `FROM:` or `TO:`; a name without a domain too, which the server completes. */
function pathOf(word: string, text: string): { readonly address: string; readonly rest: string } | undefined {
  if (!text.toUpperCase().startsWith(word)) return undefined
  const path = text.slice(word.length).trim()
  const whole = parsePath(path) ?? parseBarePath(path)
  if (whole !== undefined)
    return { address: whole.path === null ? '' : formatAddress(whole.path), rest: whole.rest }
  const name = parsePath(path.replace(/^(?:<([^@<>\s]+)>|([^@<>\s]+)(?= |$))/, '<$1$2@local.invalid>'))
  return name?.path ? { address: formatAddress({ ...name.path, domain: '' }), rest: name.rest } : undefined
}

/** A line, or a piece of one that is very long. */
interface Line {
  /** With the line end, where it is the last piece. */
  readonly octets: Buffer
  readonly isStart: boolean
}

const longestPiece = 65_536

async function* linesOf(input: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let held: Buffer = Buffer.alloc(0)
  let isStart = true
  for await (const chunk of input) {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (let end = endOfPiece(held); end > 0; end = endOfPiece(held)) {
      const octets = held.subarray(0, end)
      yield { octets, isStart }
      isStart = octets.at(-1) === LF
      held = held.subarray(end)
    }
  }
  if (held.length > 0) yield { octets: held, isStart }
}

/** 0 where the end of the line has not come yet. */
function endOfPiece(octets: Buffer): number {
  const end = octets.indexOf(LF) + 1
  return end === 0 && octets.length > longestPiece ? octets.length : end
}
