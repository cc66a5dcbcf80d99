import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { Load, PromiseLog } from './load.ts'
import { createSite, type SiteSettings } from './site.ts'
import { attach } from './tracer.ts'

/** How many calls of each kind the busiest thread of a server makes while clients send. */
export async function countCalls(
  settings: SiteSettings,
  calls: readonly string[],
  duration: number,
): Promise<ReadonlyMap<string, number>> {
  await using site = await createSite(settings)
  const server = await site.start()
  const trace = join(site.folder, 'trace')
  const tracer = await attach(server.pid, ['-o', trace, '-e', `trace=${calls.join(',')}`])
  const log = await PromiseLog.open(join(site.folder, 'promises.jsonl'))
  const hasWorld = settings.databaseCall !== undefined
  const port = server.port('transfer')
  const load = new Load({ port, name: 't-census', clients: 6, seed: 1, hasWorld, mostLines: 12_000, log })
  await pause(duration)
  await server.kill()
  await load.stop()
  await tracer.detach()
  await log.close()
  return busiest(await readFile(trace, 'latin1'))
}

function busiest(trace: string): ReadonlyMap<string, number> {
  const byThread = new Map<string, number>()
  for (const [, thread = '', call = ''] of trace.matchAll(/^(\d+) +(\w+)\(/gm)) {
    const key = `${call} ${thread}`
    byThread.set(key, (byThread.get(key) ?? 0) + 1)
  }
  const most = new Map<string, number>()
  for (const [key, count] of byThread) {
    const [call = ''] = key.split(' ')
    most.set(call, Math.max(count, most.get(call) ?? 0))
  }
  return most
}
