import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import { expect } from 'vitest'
import { OpensslCertificates } from '../acme/openssl-certificates.ts'
import { freePort } from '../free-port.ts'
import type { ForeignMailServer, MailServerWish } from '../mail-server.ts'
import { startUnbound } from '../peers/unbound.ts'
import { type SendingSite, startSendingSite } from './sending-site.ts'

/** Mailwright with here.example, and a server of somebody else's with there.example, which send to each other. */
export interface MailExchange extends AsyncDisposable {
  readonly site: SendingSite
  readonly server: ForeignMailServer
}

const mxRecords = `${['@', 'may', 'encrypted', 'clear'].map((name) => `${name} MX 10 mx`).join('\n')}
mx A 127.0.0.1`

/** How a server is started in a folder. */
export type StartMailServer = (folder: string, wish: MailServerWish) => Promise<ForeignMailServer>

/**
 * Starts both. Mail for encrypted.there.example goes under TLS, for clear.there.example without, for others as it comes
 * or `tlsFor` says. grey@ of ours is greylisted for a second.
 */
export async function startMailExchange(
  start: StartMailServer,
  tlsFor: SmtpOutInput['tlsFor'] = {},
): Promise<MailExchange> {
  await using started = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'mailwright-exchange-'))
  started.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }))
  const [port, peerPort] = [await freePort(), await freePort()]
  const certificates = started.adopt(new OpensslCertificates(), (made) => made.remove())
  const issuer = certificates.make({ subject: 'Test authority', isAuthority: true })
  const certified = (name: string) => certificates.make({ subject: name, names: [name], issuer })
  const dns = started.use(await startUnbound([{ name: 'there.example', records: mxRecords }]))
  const site = started.use(
    await startSendingSite({
      transferPort: peerPort,
      servers: [`127.0.0.1:${dns.port}`],
      smtpOut: {
        port,
        addresses: 'ipv4',
        // Exim keeps what comes behind the tenth message of a connection for its next queue run.
        connections: { maxMessages: 10 },
        tlsFor: { 'encrypted.there.example': 'encrypt', 'clear.there.example': 'none', ...tlsFor },
      },
      greylisting: {
        // The peer is on this machine, which may send out.
        ownClients: true,
        delay: '1s',
        allowAfter: 0,
        allowRecipients: ['anna@', 'ben@', 'jö@', 'nobody@', 'there.example'],
      },
      keys: certified('mail.here.example'),
      authority: issuer.pem,
    }),
  )
  const server = started.use(
    await start(folder, { port, peerPort, keys: certified('mx.there.example'), authority: issuer.pem }),
  )
  const all = started.move()
  return { site, server, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** Waits for the message in a mailbox that is like that. Fails where there are two. */
export async function found(mailbox: () => Promise<readonly string[]>, pattern: RegExp): Promise<string> {
  const find = async () => (await mailbox()).filter((message) => pattern.test(message))
  await expect.poll(find, { timeout: 30_000, interval: 100 }).not.toEqual([])
  const messages = await find()
  expect(messages).toHaveLength(1)
  return messages[0] ?? ''
}

/** The same by its subject. */
export function arrived(mailbox: () => Promise<readonly string[]>, subject: string): Promise<string> {
  return found(mailbox, new RegExp(`^Subject: ${subject}\\r?$`, 'm'))
}

/** Waits until a text is like that. */
export function eventually(text: () => Promise<string>, pattern: RegExp): Promise<void> {
  return expect.poll(text, { timeout: 30_000, interval: 300 }).toMatch(pattern)
}

/** The body of a message as it is sent: one character an octet, CRLF. */
export function bodyOf(message: string): string {
  const text = message.replaceAll('\r\n', '\n').replaceAll('\n', '\r\n')
  return text.slice(text.indexOf('\r\n\r\n') + 4)
}

/** A megabyte of lines with all octets that a line may hold, many of them with dots at their beginning. */
export function everyOctet(): Buffer {
  const lines: Buffer[] = []
  for (let size = 0, state = 1; size < 1_048_576; ) {
    const line = Buffer.alloc(1 + (state % 900))
    for (let index = 0; index < line.length; index++) {
      // The constants of Numerical Recipes: any sequence will do that is the same each time.
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      const octet = state >>> 24
      line[index] = octet === 0 || octet === 10 || octet === 13 ? 46 : octet
    }
    if (state % 3 === 0) line[0] = 46
    lines.push(line, Buffer.from('\r\n'))
    size += line.length + 2
  }
  return Buffer.concat(lines)
}
