import { describe, expect, it } from 'vitest'

/** One named demand of a contract. It fails by throwing, as vitest's `expect` does. */
export interface ContractCase<Fixture> {
  readonly name: string
  run(fixture: Fixture): Promise<void>
}

/**
 * A demand that some implementations cannot meet. Whether it applies is read from the implementation, never told to
 * the suite: from what it `supports` and from what its fixture offers.
 */
export interface ConditionalCase<Fixture, Need extends string> extends ContractCase<Fixture> {
  readonly needs?: readonly Need[]
  /** What must hold in its place where a need is not met. */
  otherwise?(fixture: Fixture): Promise<void>
}

/** What every fixture may have. */
export interface Disposable {
  /** Called after each case, also after a failed one. */
  cleanup?(): Promise<void>
}

/** A case's failure. */
export interface CaseFailure {
  readonly name: string
  readonly error: unknown
}

/**
 * The cases for one implementation. A case whose needs are not met is replaced by one that says so in its name, and
 * demands that the ability is declared to be absent and that what is asked for in `otherwise` holds.
 */
export function selectCases<Fixture, Need extends string>(
  cases: readonly ConditionalCase<Fixture, Need>[],
  has: (need: Need, fixture: Fixture) => boolean,
  probe: Fixture,
): readonly ContractCase<Fixture>[] {
  return cases.map((each) => {
    const missing = (each.needs ?? []).filter((need) => !has(need, probe))
    if (missing.length === 0) return each
    return {
      name: `${each.name} — does not apply: no ${missing.join(', no ')}`,
      async run(fixture) {
        for (const need of missing) expect(has(need, fixture), need).toBe(false)
        await each.otherwise?.(fixture)
      },
    }
  })
}

/** Runs cases one after the other, each on a fresh fixture, and answers those that failed. */
export async function runCases<Fixture extends Disposable>(
  cases: readonly ContractCase<Fixture>[],
  create: () => Promise<NoInfer<Fixture>>,
): Promise<readonly CaseFailure[]> {
  const failures: CaseFailure[] = []
  for (const each of cases) {
    await runCase(each, create).catch((error: unknown) => failures.push({ name: each.name, error }))
  }
  return failures
}

/** Binds a contract to vitest: one `describe`, one `it` a case. One fixture is made beforehand, to read the abilities. */
export function bindContract<Fixture extends Disposable>(
  name: string,
  create: () => Promise<Fixture>,
  casesFor: (probe: Fixture) => readonly ContractCase<Fixture>[],
): void {
  describe(name, async () => {
    const probe = await create()
    const cases = casesFor(probe)
    await probe.cleanup?.()
    for (const each of cases) it(each.name, () => runCase(each, create))
  })
}

async function runCase<Fixture extends Disposable>(
  each: ContractCase<Fixture>,
  create: () => Promise<Fixture>,
): Promise<void> {
  const fixture = await create()
  try {
    await each.run(fixture)
  } finally {
    await fixture.cleanup?.()
  }
}
