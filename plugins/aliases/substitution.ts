const reference = /\$(?:\$|(\d+)|\{(\d+)\}|\((\d+)\))/g

/** Puts groups of a match into a value: `$1`, `${1}`, `$(1)`; `$$` is a dollar. A group that took no part is empty. */
export function substitute(value: string, groups: readonly (string | undefined)[]): string {
  return value.replaceAll(reference, (whole, bare, braced, bracketed) => {
    const number = bare ?? braced ?? bracketed
    return number === undefined ? whole.slice(1) : (groups[Number(number)] ?? '')
  })
}

/** SyntaxError where a value names a group that its pattern does not have: it would always be empty. */
export function checkReferences(value: string, pattern: RegExp): void {
  const groups = groupsOf(pattern)
  for (const [whole, bare, braced, bracketed] of value.matchAll(reference))
    if (Number(bare ?? braced ?? bracketed ?? 0) > groups)
      throw new SyntaxError(`the pattern has no group for ${whole}`)
}

/** SyntaxError where a value names groups: a pattern that does not match has none. */
export function checkNoReferences(value: string): void {
  for (const [whole] of value.matchAll(reference))
    if (whole !== '$$') throw new SyntaxError(`a negated pattern has no group for ${whole}`)
}

function groupsOf({ source, flags }: RegExp): number {
  return (new RegExp(`${source}|`, flags).exec('')?.length ?? 1) - 1
}
