/** A server said what fits the syntax and breaks a rule. */
export class ProtocolViolation extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ProtocolViolation'
  }
}

/** Throws a ProtocolViolation unless the rule is kept. */
export function demand(isKept: boolean, rule: string): asserts isKept {
  if (!isKept) throw new ProtocolViolation(rule)
}
