/** One call to something below, about to be made. */
export interface PlannedCall {
  /** Such as `rename`, or `file.sync` for a call on an open file. */
  readonly name: string
  /** What it is made on: paths, joined by a space. Empty where there is none. */
  readonly path: string
}

/** Which calls fail. Without conditions it is the next call. */
export interface FaultRule {
  /** Only calls of this name, or of one of these. */
  readonly call?: string | readonly string[]
  /** Only calls on a path that holds this text, or matches. */
  readonly path?: string | RegExp
  /** How many of those calls pass first: 0. */
  readonly skip?: number
  /** How many fail then: 1. `Number.POSITIVE_INFINITY` lasts until the plan is taken back. */
  readonly times?: number
}

interface ActiveRule<Rule extends FaultRule> {
  readonly rule: Rule
  left: number
  times: number
  struck: boolean
}

/** The rules in force. */
export class FaultPlan<Rule extends FaultRule> {
  readonly #active = new Set<ActiveRule<Rule>>()

  /** Puts a rule in force. Answers the call that takes it back, and says whether it has struck. */
  add(rule: Rule): () => boolean {
    const active = { rule, left: rule.skip ?? 0, times: rule.times ?? 1, struck: false }
    this.#active.add(active)
    return () => {
      this.#active.delete(active)
      return active.struck
    }
  }

  /** The rule that strikes this call. Every rule that the call fits counts it, the first that is due strikes. */
  strike(call: PlannedCall): Rule | undefined {
    let striking: Rule | undefined
    for (const active of this.#active) {
      if (!fits(active.rule, call)) continue
      if (active.left > 0) active.left--
      else if (active.times > 0 && striking === undefined) {
        active.times--
        active.struck = true
        striking = active.rule
      }
    }
    return striking
  }
}

function fits({ call, path }: FaultRule, { name, path: on }: PlannedCall): boolean {
  if (call !== undefined && call !== name && !(Array.isArray(call) && call.includes(name))) return false
  if (path === undefined) return true
  return typeof path === 'string' ? on.includes(path) : path.test(on)
}
