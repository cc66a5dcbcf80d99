import { cp, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Random } from '../../generator/random.ts'
import { ageLogs } from '../../support/stores/delivery-logs.ts'
import { Load, PromiseLog } from './load.ts'
import { Replay, replayedCalls } from './replay.ts'
import { createSite, type Site, type SiteSettings, settle } from './site.ts'
import { readTrace, stringsOf, type TracedCall, traceWords } from './trace.ts'
import { TracedDisk } from './traced-disk.ts'
import { attach } from './tracer.ts'
import { judge, type Promised, sumOf, type Verdict } from './verdict.ts'
import type { World } from './world.ts'

export interface PowerCutSettings extends Omit<SiteSettings, 'worldPort'> {
  readonly name: string
  readonly world: World
  readonly seed: number
  /** Instants at which the power goes: one half right after a 250, the other right after a sync. */
  readonly cuts: number
  /** Undefined: nothing that was not synced is there. Else a part of it, chosen by chance. */
  readonly luck?: Random
  /** Milliseconds for which clients send. 2,500 */
  readonly duration?: number
  readonly drainTime?: number
}

/** What a power cut would leave. */
interface Cut {
  readonly folder: string
  readonly at: number
  /** What was answered until then. */
  readonly answered: readonly Promised[]
}

/**
 * Watches what a server under load writes and syncs, makes of it the disk that a power cut at some instants would have left, and starts a
 * server on each: everything that was answered with 250 until then has to be there.
 */
export async function runPowerCuts(settings: PowerCutSettings): Promise<Verdict> {
  const site: SiteSettings = { databaseCall: settings.databaseCall, worldPort: settings.world.port }
  await using recorded = await createSite(site)
  const { disk, replay, trace, promised } = await record(settings, recorded)
  const cuts = await makeCuts(settings, { disk, replay, trace, promised, folder: recorded.folder })
  const verdicts: Verdict[] = []
  for (const cut of cuts) {
    await using restored = await createSite(site)
    verdicts.push(await judgeCut(settings, restored, cut))
    await rm(cut.folder, { recursive: true })
  }
  return sumOf(verdicts)
}

interface Recording {
  readonly disk: TracedDisk
  readonly replay: Replay
  /** The file that strace has written. */
  readonly trace: string
  readonly promised: readonly Promised[]
}

async function record(settings: PowerCutSettings, site: Site): Promise<Recording> {
  const { name, seed, databaseCall, duration = 2_500 } = settings
  await mkdir(site.dataDir)
  const server = await site.start()
  // Nobody has sent anything yet: what is there is taken for durable.
  const before = join(site.folder, 'before')
  await cp(site.dataDir, before, { recursive: true })
  const disk = await TracedDisk.from(before, site.dataDir)
  const replay = await Replay.of(server.pid, disk, site.folder)
  const trace = join(site.folder, 'trace')
  const tracer = await attach(server.pid, [...traceWords, '-o', trace, '-e', `trace=${replayedCalls}`])
  const log = await PromiseLog.open(join(site.folder, 'promises.jsonl'))
  const load = new Load({
    port: server.port('transfer'),
    name: `t-${name}`,
    clients: 6,
    seed,
    hasWorld: databaseCall !== undefined,
    // Every octet is in the trace, several times.
    mostLines: 4_000,
    log,
  })
  await pause(duration)
  await server.kill()
  await load.stop()
  await tracer.detach()
  await log.close()
  return { disk, replay, trace, promised: log.promised }
}

/** Answers the disks; those of cuts that come after the last 250 are like those at it. */
async function makeCuts(
  { cuts: wanted, luck }: PowerCutSettings,
  { disk, replay, trace, promised, folder }: Recording & { readonly folder: string },
): Promise<readonly Cut[]> {
  const byId = new Map(promised.map((one) => [one.id, one]))
  const syncs = await count(trace, isSync)
  const half = Math.ceil(wanted / 2)
  const afterAnswer = spread(promised.length, half)
  const afterSync = spread(syncs, wanted - half)
  const answered: Promised[] = []
  const cuts: Cut[] = []
  let syncNumber = 0
  for await (const call of readTrace(trace)) {
    replay.see(call)
    const answer = byId.get(answeredId(call) ?? '')
    if (answer !== undefined) answered.push(answer)
    const isWanted =
      answer === undefined
        ? isSync(call) && afterSync.has(syncNumber++)
        : afterAnswer.has(answered.length - 1)
    if (!isWanted) continue
    const to = join(folder, `cut-${cuts.length}`)
    await disk.cut(to, luck)
    cuts.push({ folder: to, at: call.at, answered: [...answered] })
  }
  return cuts
}

/** So many numbers below a limit, evenly spread, the last one among them. */
function spread(limit: number, count: number): ReadonlySet<number> {
  return new Set(Array.from({ length: count }, (_, at) => Math.ceil((limit * (at + 1)) / count) - 1))
}

function isSync({ name, phase }: TracedCall): boolean {
  return phase === 'ends' && (name === 'fsync' || name === 'fdatasync')
}

async function count(trace: string, what: (call: TracedCall) => boolean): Promise<number> {
  let found = 0
  for await (const call of readTrace(trace)) if (what(call)) found++
  return found
}

/** The queue id of a 250 that is about to be written to a socket. */
function answeredId({ name, phase, words }: TracedCall): string | undefined {
  if (phase !== 'begins' || (name !== 'write' && name !== 'writev')) return undefined
  // `250 ` in hex, so that not every message is decoded.
  if (!words.includes('"\\x32\\x35\\x30\\x20')) return undefined
  return /^250 .*\b(\w+)\r\n/.exec(Buffer.concat(stringsOf(words)).toString('latin1'))?.[1]
}

async function judgeCut(settings: PowerCutSettings, site: Site, cut: Cut): Promise<Verdict> {
  const { world, name, drainTime = 90_000 } = settings
  await cp(cut.folder, site.dataDir, { recursive: true })
  await ageLogs(join(site.dataDir, 'mail'))
  const before = world.taken.length
  const queued = await settle(site, drainTime)
  const { findings, bounced } = await site.mailboxes()
  // What others had taken by then, and what they have taken since the power came back.
  const elsewhere = world.taken.filter(
    ({ at, token }, index) => token.startsWith(`t-${name}-`) && (at <= cut.at || index >= before),
  )
  return judge({ promised: cut.answered, findings: [...findings, ...elsewhere], bounced, queued })
}
