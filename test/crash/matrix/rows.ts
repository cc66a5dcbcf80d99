import { Random } from '../../generator/random.ts'
import type { Mariadb } from '../../support/peers/mariadb.ts'
import { countCalls } from './census.ts'
import { databaseKilled, databaseStopped } from './database-fault.ts'
import { type Fault, failAt, failures, hangAt, killAt, killingCalls } from './fault.ts'
import { fileEmptied, fileExchanged, fileMoved } from './file-fault.ts'
import { runPowerCuts } from './power-cut.ts'
import { type Round, runSeries } from './series.ts'
import type { Verdict } from './verdict.ts'
import type { World } from './world.ts'

/** Which queue, and where it keeps what waits. */
export type QueueKind = 'without a database' | 'SQLite' | 'MariaDB'

/** What all rows for a queue have in common. */
export interface Ground {
  readonly kind: QueueKind
  /** For the config of one series, which begins with an empty database; undefined: none. */
  databaseCall(): Promise<string | undefined>
  /** The server behind it, where it is one that can fail by itself. */
  readonly mariadb?: Mariadb
  readonly world: World
  readonly seed: number
  /** Faults in a row. */
  readonly points: number
}

/** One line of the matrix: something that happens at many points. */
export interface Row {
  readonly kind: QueueKind
  readonly what: string
  readonly where: string
  run(): Promise<Result>
}

/** What came of it. */
export interface Result {
  readonly points: number
  /** Points at which the server died of it. */
  readonly died: number
  readonly rounds: readonly Round[]
  readonly verdict: Verdict
}

/** The lines of the matrix for one queue. Starts a server once, to see how often it makes which call. */
export async function rowsOf(ground: Ground): Promise<readonly Row[]> {
  const { world, seed, points, mariadb, kind } = ground
  const random = new Random(seed)
  const calls = [...killingCalls, 'mkdir']
  const site = { databaseCall: await ground.databaseCall(), worldPort: world.port }
  const counts = await countCalls(site, calls, 3_500)
  const most = (names: string): number => Math.max(...names.split(',').map((name) => counts.get(name) ?? 0))
  const spread = (names: string, fault: (when: number, index: number) => Fault): readonly Fault[] => {
    const used = Math.min(points, most(names))
    return Array.from({ length: used }, (_, index) =>
      fault(1 + Math.floor(((index + random.fraction()) / used) * most(names)), index),
    )
  }
  const lists = [
    ...killingCalls.map((names) => spread(names, (when) => killAt(names, when))),
    ...failures.flatMap(([names, error]) =>
      [false, true].map((lasting) => spread(names, (when) => failAt(names, error, when, lasting))),
    ),
    spread('fdatasync,fsync', hangAt),
    ...(mariadb === undefined ? [] : databaseFaults(mariadb, points, random)),
    ...(kind === 'SQLite' ? fileFaults(points, random) : []),
  ]
  const rows = lists.flatMap((faults, index) => (faults.length === 0 ? [] : rowOf(ground, faults, index)))
  // What MariaDB has synced is not seen from here.
  return kind === 'MariaDB' ? rows : [...rows, cutRow(ground, undefined), cutRow(ground, random)]
}

function databaseFaults(mariadb: Mariadb, points: number, random: Random): readonly (readonly Fault[])[] {
  const some = (fault: (mariadb: Mariadb, after: number) => Fault): readonly Fault[] =>
    Array.from({ length: points }, () => fault(mariadb, random.between(100, 2_000)))
  return [some(databaseKilled), some(databaseStopped)]
}

function fileFaults(points: number, random: Random): readonly (readonly Fault[])[] {
  return [fileMoved, fileEmptied, fileExchanged].map((fault) =>
    Array.from({ length: points }, () => fault(random.between(100, 2_000))),
  )
}

function rowOf(ground: Ground, faults: readonly Fault[], index: number): Row {
  const { what = '', where = '' } = faults[0] ?? {}
  const { kind, world, seed } = ground
  const name = `${kind.replaceAll(/\W/g, '')}${index}`
  return {
    kind,
    what,
    where,
    async run() {
      // A database that went away needs some time more.
      const patience = where === 'any' ? 6_000 : 4_000
      const databaseCall = await ground.databaseCall()
      const { rounds, verdict } = await runSeries({ name, world, databaseCall, faults, seed, patience })
      return { rounds, verdict, points: faults.length, died: rounds.filter(({ died }) => died).length }
    },
  }
}

function cutRow(ground: Ground, luck: Random | undefined): Row {
  const { kind, world, seed, points } = ground
  const name = `${kind.replaceAll(/\W/g, '')}${luck === undefined ? 'cut' : 'luck'}`
  return {
    kind,
    what:
      luck === undefined
        ? 'power cut, nothing unsynced is left'
        : 'power cut, a part of the unsynced is left',
    where: 'any',
    async run() {
      const databaseCall = await ground.databaseCall()
      const verdict = await runPowerCuts({
        name,
        world,
        databaseCall,
        seed,
        cuts: points,
        ...(luck && { luck }),
      })
      return { verdict, rounds: [], points, died: points }
    },
  }
}
