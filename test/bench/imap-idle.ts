import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { BenchServer } from './imap-servers.ts'
import { BenchClient } from './imap-wire.ts'
import { proportionalMemory } from './process-tree.ts'

/** Sessions that have come and gone before the first figure: what a server loads once is no connection's. */
const forerunners = 50
/** Milliseconds in which nothing happens before the second figure: both throw away meanwhile what they need no more. */
const hold = 35_000

/**
 * KiB of memory that a connection costs which has its account's INBOX selected and is in IDLE; each has an account of its
 * own.
 */
export async function idleMemory(server: BenchServer, count: number): Promise<number> {
  allowInstances(count + 200)
  for (const client of await idleClients(server, forerunners)) client.close()
  await pause(2000)
  const before = proportionalMemory(server.pid)
  const clients = await idleClients(server, count)
  try {
    await pause(hold)
    const after = proportionalMemory(server.pid)
    return (after.kibibytes - before.kibibytes) / count
  } finally {
    for (const client of clients) client.close()
  }
}

async function idleClients(server: BenchServer, count: number): Promise<readonly BenchClient[]> {
  const clients: BenchClient[] = []
  while (clients.length < count) {
    const client = await BenchClient.login(server.port, server.other(clients.length), server.password)
    clients.push(client)
    await client.command('SELECT INBOX')
    await client.idle()
  }
  return clients
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
