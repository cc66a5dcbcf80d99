// The package smtp-server with what a program adds first: each message in a file of each recipient's Maildir, durable before
// the 250. For bench:smtp, to be run by itself: smtp-bare.ts ROOT USER…
import { mkdirSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { SMTPServer } from 'smtp-server'

const [root = '', ...users] = process.argv.slice(2)
for (const user of users)
  for (const part of ['tmp', 'new']) mkdirSync(join(root, user, part), { recursive: true })

let count = 0

async function deliver(user: string, octets: Buffer): Promise<void> {
  const name = `${Date.now()}.${process.pid}_${++count}.bench`
  const file = join(root, user, 'tmp', name)
  const handle = await open(file, 'wx')
  await handle.write(octets)
  await handle.sync()
  await handle.close()
  const folder = join(root, user, 'new')
  await rename(file, join(folder, name))
  const directory = await open(folder)
  await directory.sync()
  await directory.close()
}

const server = new SMTPServer({
  disabledCommands: ['AUTH', 'STARTTLS'],
  disableReverseLookup: true,
  logger: false,
  size: 100_000_000,
  onData(stream, session, done) {
    const names = session.envelope.rcptTo.map(({ address }) => address.split('@')[0] ?? '')
    buffer(stream)
      .then((octets) => Promise.all(names.map((name) => deliver(name, octets))))
      .then(
        () => done(),
        (error: Error) => done(error),
      )
  },
})
server.on('error', () => undefined)
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.server.address() as AddressInfo).port}\n`)
})
process.on('SIGTERM', () => process.exit(0))
