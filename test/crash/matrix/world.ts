import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'
import { readLetter } from './letter.ts'
import type { Finding } from './verdict.ts'

/** The mail server that stands for all others. It lives as long as the test, whoever else dies. */
export interface World extends AsyncDisposable {
  readonly port: number
  /** What it has taken, and when: milliseconds since 1970. */
  readonly taken: readonly (Finding & { readonly at: number })[]
}

/** Takes mail for `ok-…`, refuses `nobody-…` for good, and `grey-…` at the first time. */
export async function startWorld(): Promise<World> {
  const taken: World['taken'][number][] = []
  const seen = new Set<string>()
  const server = new SMTPServer({
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    logger: false,
    size: 10_000_000,
    onRcptTo({ address }, _session, done) {
      const refusal = refusalOf(address, seen)
      done(refusal)
    },
    onData(stream, session, done) {
      text(stream).then((octets) => {
        const letter = readLetter(octets)
        for (const { address } of session.envelope.rcptTo)
          if (letter !== undefined)
            taken.push({ ...letter, recipient: address, place: 'world', at: Date.now() })
        done()
      }, done)
    },
  })
  // Whoever dies in a session leaves an error behind.
  server.on('error', () => undefined)
  const listener = server.listen(0, '127.0.0.1')
  await once(listener, 'listening')
  return {
    port: (listener.address() as AddressInfo).port,
    taken,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function refusalOf(address: string, seen: Set<string>): Error | null {
  const isNew = !seen.has(address)
  seen.add(address)
  if (address.startsWith('nobody-')) return refused(550, '5.1.1 Nobody of that name')
  return isNew && address.startsWith('grey-') ? refused(451, '4.7.1 Come back in a moment') : null
}

function refused(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode })
}
