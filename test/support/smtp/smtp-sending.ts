import {
  type AttemptItem,
  bufferContent,
  type Clock,
  createMessage,
  type MailParameters,
  type Message,
  type Outcome,
  type RecipientParameters,
  type RemoteRoute,
} from 'mailwright'
import smtpOut, { type SmtpOutInput } from 'mailwright/plugins/smtp-out'
import {
  addressOf,
  createTestHost,
  type FakeRecords,
  type FakeResolver,
  fakeResolver,
  type TestHost,
} from 'mailwright/testing'
import { type HostScript, type SmtpHost, startSmtpHost } from './smtp-host.ts'

/** Mail to be handed to `smtp-out`, as a queue does it. */
export interface OutgoingMail {
  /** `a@here.example`; null for `<>`. */
  readonly from?: string | null
  /** `jo@there.example` */
  readonly to?: string | readonly string[]
  /** Bare LF become CRLF. */
  readonly text?: string
  readonly parameters?: MailParameters
  readonly recipientParameters?: RecipientParameters
  readonly nextHop?: string
  readonly atomic?: boolean
  /** No other attempt follows. */
  readonly isLast?: boolean
  readonly signal?: AbortSignal
  readonly message?: Message
}

/** A host with nothing but `smtp-out`. */
export interface Sender extends AsyncDisposable {
  readonly host: TestHost
  readonly resolver: FakeResolver
  /** One outcome for each recipient. */
  send(mail?: OutgoingMail): Promise<readonly Outcome[]>
}

/** Where there.example is in the tests: one host, which is this machine. */
export const oneHost: Readonly<Record<string, FakeRecords>> = {
  'there.example': { mx: [{ preference: 10, exchange: 'mx.there.example' }] },
  'mx.there.example': { a: ['127.0.0.1'] },
}

export async function startSender(
  options: SmtpOutInput,
  zones: Readonly<Record<string, FakeRecords>> = oneHost,
  clock?: Clock,
): Promise<Sender> {
  const resolver = fakeResolver(zones)
  const host = await createTestHost({
    hostname: 'mx.here.example',
    resolver,
    ...(clock === undefined ? {} : { clock }),
    plugins: [smtpOut({ addresses: 'ipv4', ...options })],
  })
  let count = 0
  return {
    host,
    resolver,
    async send(mail = {}) {
      const { from = 'a@here.example', to = 'jo@there.example', atomic = false, parameters = {} } = mail
      const message = mail.message ?? (await messageOf(mail.text ?? 'Subject: x\n\ntext\n'))
      count += 1
      return host.flow.delivery.attempt({
        id: `q${count}`,
        reversePath: from === null ? null : addressOf(from),
        parameters,
        atomic,
        ...(mail.isLast === undefined ? {} : { isLast: mail.isLast }),
        signal: mail.signal ?? new AbortController().signal,
        items: [to].flat().map((text): AttemptItem => {
          const route: RemoteRoute = {
            kind: 'remote',
            address: addressOf(text),
            ...(mail.nextHop === undefined ? {} : { nextHop: mail.nextHop }),
          }
          return { recipient: route.address, parameters: mail.recipientParameters ?? {}, route, message }
        }),
      })
    },
    [Symbol.asyncDispose]: () => host.stop(),
  }
}

/** A message of a text; bare LF become CRLF. */
export function messageOf(text: string): Promise<Message> {
  return createMessage(bufferContent(Buffer.from(text.replaceAll(/\r?\n/g, '\r\n'))))
}

/** What an outcome says in one line: `delivered text`, `deferred 451 4.4.1 text`. */
export function told(outcome: Outcome | undefined): string {
  if (outcome === undefined) return 'nothing'
  if (outcome.kind === 'delivered') return `delivered ${outcome.text}`
  const { code, enhanced, lines } = outcome.reply
  return `${outcome.kind} ${code} ${enhanced} ${lines.join(' / ')}`
}

/** A host, and who sends to it. */
export interface SendingPair {
  readonly host: SmtpHost
  readonly sender: Sender
}

/** Starts both; they end with the stack. */
export async function startPair(
  stack: AsyncDisposableStack,
  script: HostScript,
  options: SmtpOutInput,
): Promise<SendingPair> {
  const host = stack.use(await startSmtpHost(script))
  const sender = stack.use(await startSender({ port: host.port, ...options }))
  return { host, sender }
}
