import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { bad, doubt, type Finding, good } from './finding.ts'

/** How long writes of 4 KiB take, each in milliseconds, the shortest first. */
export interface SyncTimes {
  /** With an fdatasync after each. */
  readonly synced: readonly number[]
  /** Into a file that was opened with O_DSYNC. */
  readonly dsync: readonly number[]
  /** Into the memory of the system only. */
  readonly unsynced: readonly number[]
}

const blockSize = 4_096
/** No flash memory keeps 4 KiB in so few milliseconds, unless a capacitor stands by. */
const fastestFlash = 0.02
/** A disk that turns 7,200 times a minute comes by the same place every 8.3 ms. */
const fastestTurn = 2

/** Writes and syncs a file of its own in a folder, so many times each. */
export async function measureSyncs(folder: string, times: number): Promise<SyncTimes> {
  const { O_WRONLY, O_CREAT, O_TRUNC, O_DSYNC } = constants
  const flags = O_WRONLY | O_CREAT | O_TRUNC
  return {
    synced: await measure(join(folder, 'synced'), flags, times, true),
    dsync: await measure(join(folder, 'dsync'), flags | O_DSYNC, times, false),
    unsynced: await measure(join(folder, 'unsynced'), flags, times, false),
  }
}

async function measure(
  path: string,
  flags: number,
  times: number,
  sync: boolean,
): Promise<readonly number[]> {
  const file = await open(path, flags, 0o600)
  try {
    const taken: number[] = []
    for (let time = 0; time < times; time++) taken.push(await timed(file, sync))
    return taken.sort((a, b) => a - b)
  } finally {
    await file.close()
  }
}

async function timed(file: FileHandle, sync: boolean): Promise<number> {
  const from = performance.now()
  await file.write(Buffer.alloc(blockSize, 'x'))
  if (sync) await file.datasync()
  return performance.now() - from
}

/** The time that this part of them stays within: 0.5 is the median. */
export function quantile(times: readonly number[], part: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? 0
}

/** What is to be said of these times. `turns`: the disk is known to have plates that turn. */
export function judgeTimes(times: SyncTimes, turns: boolean): readonly Finding[] {
  const [sync, plain] = [quantile(times.synced, 0.5), quantile(times.unsynced, 0.5)]
  const [dsync, late] = [quantile(times.dsync, 0.5), quantile(times.synced, 0.99)]
  const said = `fdatasync of 4 KiB takes ${milliseconds(sync)} (1 of 100: ${milliseconds(late)} or more)`
  const findings = [judgeSync(said, sync, plain, turns)]
  if (dsync < plain * 2 && sync > plain * 10)
    findings.push(bad('O_DSYNC', `takes ${milliseconds(dsync)}, as if it were not obeyed`))
  else findings.push(good('O_DSYNC', `takes ${milliseconds(dsync)}`))
  return findings
}

function judgeSync(said: string, sync: number, plain: number, turns: boolean): Finding {
  const subject = 'sync time'
  if (sync < plain * 1.5)
    return bad(subject, `${said}, no longer than a write without it: nothing is written to a disk`)
  if (sync < fastestFlash)
    return doubt(subject, `${said}, faster than flash memory: a cache answers. Does it have a battery?`)
  if (turns && sync < fastestTurn)
    return doubt(
      subject,
      `${said}, faster than a disk turns: a cache answers (a controller's with a battery is fine), or the disk is a virtual one`,
    )
  return good(subject, said)
}

/** `0.35 ms`, `12 ms`. */
export function milliseconds(time: number): string {
  return `${time < 10 ? time.toFixed(2) : Math.round(time)} ms`
}
