import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { LineClient } from './line-client.ts'

/**
 * A mail server of somebody else's with the mailboxes jo@ and kim@ of there.example and the domains below it, and a
 * mailbox grey@ whose mail it takes at the second attempt. It takes mail from 127.0.0.1 for here.example (under TLS, our
 * certificate proven) and clear.here.example (in clear), and sends it to us.
 */
export interface ForeignMailServer extends AsyncDisposable {
  readonly port: number
  /** The messages of a mailbox: one character an octet, lines end with LF. */
  mailbox(user: string): Promise<readonly string[]>
  /** Tries at once to send what waits. */
  flush(): Promise<void>
  log(): Promise<string>
}

/** A certificate, and its private key, PEM. */
export interface Keys {
  readonly pem: string
  readonly key: string
}

/** What such a server is given. */
export interface MailServerWish {
  /** That it listens on. */
  readonly port: number
  /** Ours. */
  readonly peerPort: number
  /** Its certificate, for mx.there.example. */
  readonly keys: Keys
  /** Whom it believes in that we are mail.here.example, PEM. */
  readonly authority: string
}

/** Waits until a server that was started takes connections; throws what it wrote where it ended instead. */
export async function listening(
  child: ChildProcess,
  port: number,
  written: () => Promise<string>,
): Promise<void> {
  while (child.exitCode === null && child.signalCode === null) {
    try {
      const client = await LineClient.open(port)
      client.close()
      return
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 25))
    }
  }
  throw new Error(`the server ended at its start:\n${await written()}`)
}

/** Collects what it writes. */
export function writtenBy(child: ChildProcess): () => string {
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  return () => output
}

/** Ends it. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill()
  await once(child, 'exit')
}
