/** One message of a THREAD response: its number, or 0 for one that is not there, and how deep it stands. */
export type ThreadMember = readonly [number: number, depth: number]

/** Reads the lists of a THREAD response (RFC 5256 §5, thread-data), parents before their children. */
export function readThreads(text: string): readonly ThreadMember[] {
  const members: ThreadMember[] = []
  // For each open list the depth of what comes next in it, and whether anything came yet.
  const open: { depth: number; isEmpty: boolean }[] = []
  for (const [token] of text.matchAll(/[()]|\d+/g)) {
    const list = open.at(-1)
    if (token === ')') open.pop()
    else if (token === '(') {
      if (list?.isEmpty === true) {
        members.push([0, list.depth])
        list.isEmpty = false
        list.depth += 1
      }
      open.push({ depth: list?.depth ?? 0, isEmpty: true })
    } else if (list !== undefined) {
      members.push([Number(token), list.depth])
      list.isEmpty = false
      list.depth += 1
    }
  }
  return members
}
