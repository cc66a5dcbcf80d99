import type { ImapFlow, ImapFlowError, ImapFlowOptions } from 'imapflow'
import { type Clock, errorText, MailwrightError, UnavailableError, wait } from 'mailwright'
import { EndOfRun } from './end-of-run.ts'

/** How to reach a mailbox at another server. */
export interface ImapAccess {
  readonly host: string
  readonly port: number
  /** TLS from the first octet, by STARTTLS (and never without), or none at all. */
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly user: string
  readonly password: string
  /** Certificates are not verified. */
  readonly insecure: boolean
}

// Milliseconds before each attempt to connect again.
const pauses = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000, 60_000]
const connectionTimeout = 30_000
const silenceTimeout = 120_000
// Messages are read whole up to 1 MB, and longer ones in pieces: nobody has a reason to send more at once.
const longestLiteral = 8 * 1024 * 1024
const longestResponse = 4 * longestLiteral
const longestLine = 64 * 1024 * 1024

/** What went beyond these limits; asking for the same again would end in the same way. */
const tooMuch: ReadonlySet<string> = new Set([
  'LineTooLarge',
  'LiteralTooLarge',
  'ResponseTooLarge',
  'TooManyTokens',
])

/** One connection at a time to an IMAP server, made again where it is lost. */
export class ImapConnection {
  readonly #access: ImapAccess
  readonly #clock: Clock
  /** Hears of connections that were lost. */
  readonly #onLost: (problem: string) => void
  #client: ImapFlow | undefined
  /** Why the connection ended; the command that was waiting only hears that it did. */
  #reason: unknown
  #wasConnected = false

  constructor(access: ImapAccess, clock: Clock, onLost: (problem: string) => void) {
    this.#access = access
    this.#clock = clock
    this.#onLost = onLost
  }

  /**
   * Runs something, again from its start where the connection is lost meanwhile, so often. MAIL_E_UNAVAILABLE where
   * there is none after all attempts, MAIL_E_PERMISSION where the login is refused, MAIL_E_INVALID where the server refuses the
   * command or sends more than it should.
   */
  async run<T>(work: (client: ImapFlow) => Promise<T>, retries: number = pauses.length): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const client = await this.#connected()
        return await work(client)
      } catch (thrown) {
        const error = this.#client?.usable === true ? thrown : (this.#reason ?? thrown)
        const pause = attempt < retries ? pauses[attempt] : undefined
        if (!this.#isLost(error)) throw translated(error)
        this.#drop()
        // What has never worked will not work by itself.
        if (!this.#wasConnected || pause === undefined) throw this.#unreachable(error)
        this.#onLost(`${errorText(error)}; trying again in ${pause / 1000} s`)
        await wait(this.#clock, pause)
      }
    }
  }

  /** The same with a mailbox open for reading. MAIL_E_NOT_FOUND where it cannot be opened, or is another one by now. */
  async withMailbox<T>(
    path: string,
    uidValidity: bigint | undefined,
    work: (client: ImapFlow) => Promise<T>,
    retries?: number,
  ): Promise<T> {
    return this.run(async (client) => {
      if (client.mailbox === false || client.mailbox.path !== path) await openMailbox(client, path)
      const now = client.mailbox === false ? undefined : client.mailbox.uidValidity
      if (uidValidity !== undefined && now !== uidValidity)
        throw new MailwrightError('MAIL_E_NOT_FOUND', 'its UIDVALIDITY has changed meanwhile; run again')
      return work(client)
    }, retries)
  }

  async close(): Promise<void> {
    const client = this.#client
    this.#client = undefined
    await client?.logout().catch(() => undefined)
    client?.close()
  }

  async #connected(): Promise<ImapFlow> {
    if (this.#client?.usable === true) return this.#client
    this.#drop()
    // Loaded for those who need it: every start of a server would wait for it.
    const { ImapFlow: Client } = await import('imapflow')
    const client = new Client(clientOptions(this.#access))
    this.#reason = undefined
    client.on('error', (error) => {
      this.#reason = error
    })
    this.#client = client
    await client.connect()
    this.#wasConnected = true
    return client
  }

  #drop(): void {
    this.#client?.close()
    this.#client = undefined
  }

  #isLost(error: unknown): boolean {
    if (error instanceof MailwrightError) return false
    const { code = '', authenticationFailed } = error as Partial<ImapFlowError>
    if (tooMuch.has(code) || authenticationFailed === true) {
      this.#drop()
      return false
    }
    return this.#client?.usable !== true
  }

  #unreachable(error: unknown): UnavailableError {
    const { host, port, insecure } = this.#access
    const { code = '' } = error as Partial<ImapFlowError>
    const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/.test(code)
    const hint = isCertificate && !insecure ? ' (--insecure would go on without verifying)' : ''
    return new UnavailableError(`no connection to ${host}:${port}${hint}`, { cause: error })
  }
}

/** A refusal is the mailbox's, and not that of whatever is wanted of it. */
async function openMailbox(client: ImapFlow, path: string): Promise<void> {
  try {
    await client.mailboxOpen(path, { readOnly: true })
  } catch (error) {
    if (!client.usable) throw error
    const { responseText = 'no reason given' } = error as Partial<ImapFlowError>
    const problem = `it cannot be opened: ${responseText.slice(0, 200)}`
    throw new MailwrightError('MAIL_E_NOT_FOUND', problem, { cause: error })
  }
}

function clientOptions(access: ImapAccess): ImapFlowOptions {
  const { host, port, tls, user, password, insecure } = access
  return {
    host,
    port,
    secure: tls === 'implicit',
    doSTARTTLS: tls === 'starttls',
    tls: { rejectUnauthorized: !insecure },
    auth: { user, pass: password },
    logger: false,
    disableAutoIdle: true,
    connectionTimeout,
    greetingTimeout: connectionTimeout,
    socketTimeout: silenceTimeout,
    maxLiteralSize: longestLiteral,
    maxResponseSize: longestResponse,
    maxLineLength: longestLine,
  }
}

/** An error in our words. Texts of the server are shown, as its own. */
function translated(error: unknown): unknown {
  if (error instanceof MailwrightError || !(error instanceof Error)) return error
  const { authenticationFailed, responseText, responseStatus, code } = error as Partial<ImapFlowError>
  const said = responseText === undefined ? '' : `: ${responseText.slice(0, 200)}`
  if (authenticationFailed === true)
    return new EndOfRun('MAIL_E_PERMISSION', `the server refuses the login${said}`, { cause: error })
  if (tooMuch.has(code ?? ''))
    return new MailwrightError('MAIL_E_INVALID', 'the server sends more than it was asked for', {
      cause: error,
    })
  if (responseStatus === undefined) return error
  return new MailwrightError('MAIL_E_INVALID', `the server refuses${said}`, { cause: error })
}
