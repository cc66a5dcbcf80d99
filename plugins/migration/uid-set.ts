/** Ascending UIDs as a sequence set (RFC 9051 §9): `1:3,7`. */
export function uidSet(uids: readonly number[]): string {
  const ranges: string[] = []
  for (let from = 0; from < uids.length; ) {
    let to = from
    while (uids[to + 1] === (uids[to] ?? 0) + 1) to++
    ranges.push(from === to ? `${uids[from]}` : `${uids[from]}:${uids[to]}`)
    from = to + 1
  }
  return ranges.join(',')
}
