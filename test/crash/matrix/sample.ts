import { expect } from 'vitest'
import { Random } from '../../generator/random.ts'
import { type Fault, failAt, failures, hangAt, killAt, killingCalls } from './fault.ts'
import { fileEmptied, fileExchanged, fileMoved } from './file-fault.ts'
import { runPowerCuts } from './power-cut.ts'
import { runSeries } from './series.ts'
import type { Verdict } from './verdict.ts'
import { startWorld } from './world.ts'

/** Promises that were broken: none. */
const broken = { lost: [], torn: [], strange: [] }

/** Some deaths at calls of all kinds, a failure, and a disk that hangs. */
function faultsOf(random: Random, deaths: number): readonly Fault[] {
  const [first = 'fsync', ...others] = killingCalls
  const kills = Array.from({ length: deaths }, () => {
    const calls = random.pick([first, ...others])
    // There are ten of these for each of the others.
    return killAt(calls, random.between(1, calls === 'write' ? 300 : 30))
  })
  const errors = failures.map(([calls, error]) =>
    failAt(calls, error, random.between(1, 30), random.chance(0.5)),
  )
  return [...kills, random.pick([errors[0] ?? hangAt(1), ...errors.slice(1)]), hangAt(random.between(1, 20))]
}

/** Lets a server die some times, and expects that nothing is lost. */
export async function expectNothingLost(
  name: string,
  databaseCall: string | undefined,
  seed: number,
): Promise<void> {
  await using world = await startWorld()
  const faults = faultsOf(new Random(seed), 10)
  const { rounds, verdict } = await runSeries({ name, world, databaseCall, faults, seed, patience: 2_000 })
  expect(verdict).toMatchObject(broken)
  expect(rounds.some(({ died }) => died)).toBe(true)
  expect(verdict.promised).toBeGreaterThan(20)
}

/** Takes the file of the database away from a server, in each way, and expects that nothing is lost. */
export async function expectFileGuarded(name: string, seed: number): Promise<void> {
  await using world = await startWorld()
  const faults = [fileMoved(700), fileEmptied(700), fileExchanged(700)]
  const settings = { name, world, databaseCall: 'database()', faults, seed, patience: 2_500 }
  const { verdict } = await runSeries(settings)
  expect(verdict).toMatchObject(broken)
  expect(verdict.promised).toBeGreaterThan(20)
}

/** Takes the power away from a server some times, and expects that nothing is lost. */
export async function expectNothingUnsynced(
  name: string,
  databaseCall: string | undefined,
  seed: number,
): Promise<void> {
  await using world = await startWorld()
  const common = { world, databaseCall, seed, duration: 1_500 }
  const verdicts: readonly Verdict[] = [
    await runPowerCuts({ ...common, name, cuts: 2 }),
    await runPowerCuts({ ...common, name: `${name}-luck`, cuts: 1, luck: new Random(seed) }),
  ]
  for (const verdict of verdicts) {
    expect(verdict).toMatchObject(broken)
    expect(verdict.promised).toBeGreaterThan(0)
  }
}
