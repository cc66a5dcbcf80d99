import { readFileSync, writeFileSync } from 'node:fs'
import { type BenchServer, proportionalMemory } from './imap-servers.ts'
import { BenchClient } from './imap-wire.ts'

/** KiB of memory that a connection costs which has a mailbox selected and is in IDLE. */
export async function idleMemory(server: BenchServer, count: number): Promise<number> {
  allowInstances(count + 200)
  const before = proportionalMemory(server.pid)
  const clients: BenchClient[] = []
  try {
    while (clients.length < count) {
      const client = await BenchClient.login(server.port, server.user, server.password)
      clients.push(client)
      await client.command('SELECT INBOX')
      await client.idle()
    }
    await new Promise((resolve) => setTimeout(resolve, 2000))
    const after = proportionalMemory(server.pid)
    return (after.kibibytes - before.kibibytes) / count
  } finally {
    for (const client of clients) client.close()
  }
}

const setting = '/proc/sys/fs/inotify/max_user_instances'

/** Dovecot takes an inotify instance a connection. Where the limit cannot be raised, Dovecot does without. */
function allowInstances(count: number): void {
  if (Number(readFileSync(setting, 'utf8')) >= count) return
  try {
    writeFileSync(setting, `${count}`)
  } catch {
    console.warn(`fs.inotify.max_user_instances stays below ${count}`)
  }
}
