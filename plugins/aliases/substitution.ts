/** Puts groups of a match into a value: `$1`, `${1}`, `$(1)`; `$$` is a dollar. A group that took no part is empty. */
export function substitute(value: string, groups: readonly (string | undefined)[]): string {
  return value.replaceAll(/\$(?:\$|(\d+)|\{(\d+)\}|\((\d+)\))/g, (whole, bare, braced, bracketed) => {
    const number = bare ?? braced ?? bracketed
    return number === undefined ? whole.slice(1) : (groups[Number(number)] ?? '')
  })
}
