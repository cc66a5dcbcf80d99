import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { ServerProcess } from '../../support/server-process.ts'
import type { Fault } from './fault.ts'
import { Load, PromiseLog } from './load.ts'
import { createSite, type Site, type SiteSettings, settle } from './site.ts'
import { judge, type Verdict } from './verdict.ts'
import type { World } from './world.ts'

export interface SeriesSettings extends Omit<SiteSettings, 'worldPort'> {
  /** Starts every token: unique among those that share a world. */
  readonly name: string
  readonly world: World
  readonly faults: readonly Fault[]
  readonly seed: number
  readonly clients?: number
  /** Milliseconds in which a fault may come; a server that still lives is killed then. 4,000 */
  readonly patience?: number
  /** Milliseconds in which all that waits has to come to its end. 90,000 */
  readonly drainTime?: number
}

/** What a fault did in its round. */
export interface Round {
  readonly fault: Fault
  /** The server died of it; else it was killed when its time was over. */
  readonly died: boolean
  readonly accepted: number
  readonly refused: number
}

export interface SeriesResult {
  readonly rounds: readonly Round[]
  readonly verdict: Verdict
}

/**
 * Starts a server, lets clients send, lets one fault happen, and the same again on what is left: what one death has left half done
 * another one comes upon. In the end a server runs undisturbed until nothing waits, and everything that was promised is looked for.
 */
export async function runSeries(settings: SeriesSettings): Promise<SeriesResult> {
  const { world, databaseCall, faults, drainTime = 90_000 } = settings
  await using site = await createSite({ databaseCall, worldPort: world.port })
  const log = await PromiseLog.open(join(site.folder, 'promises.jsonl'))
  try {
    const rounds: Round[] = []
    for (const [index, fault] of faults.entries())
      rounds.push(await runRound(settings, site, log, fault, index))
    const queued = await settle(site, drainTime)
    const { findings, bounced } = await site.mailboxes()
    const verdict = judge({
      promised: log.promised,
      findings: [...findings, ...ours(world, settings.name)],
      bounced,
      queued,
    })
    return { rounds, verdict }
  } finally {
    await log.close()
  }
}

function ours(world: World, name: string): World['taken'] {
  return world.taken.filter(({ token }) => token.startsWith(`t-${name}-`))
}

async function runRound(
  { name, seed, clients = 6, patience = 4_000, databaseCall }: SeriesSettings,
  site: Site,
  log: PromiseLog,
  fault: Fault,
  index: number,
): Promise<Round> {
  const server = await site.start()
  const tracer = await fault.befall(server.pid, site.folder)
  const load = new Load({
    port: server.port('transfer'),
    name: `t-${name}-${index}`,
    clients,
    seed: seed + index * 1_000,
    hasWorld: databaseCall !== undefined,
    mostLines: 12_000,
    log,
  })
  const died = await Promise.race([load.ended().then(() => isGone(server)), pause(patience, false)])
  await server.kill()
  await load.stop()
  await tracer.detach()
  return { fault, died, accepted: load.accepted, refused: load.refused }
}

/** Whether a process that has broken off its connections is dead, and not only rude. */
async function isGone({ pid }: ServerProcess): Promise<boolean> {
  for (let look = 0; look < 50; look++) {
    const status = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') Z')
    if (/\) [ZX]/.test(status)) return true
    await pause(20)
  }
  return false
}
