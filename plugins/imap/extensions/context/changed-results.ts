import { numberSet } from '../../format/strings.ts'

/** Results that follow each other in a list. */
interface Run {
  /** The place of the first, counted from 1. */
  readonly place: number
  readonly uids: readonly number[]
}

/** Those of a list that a test holds for, in runs, as they stand. */
export function runsIn(list: readonly number[], holds: (uid: number) => boolean): readonly Run[] {
  const runs: { place: number; uids: number[] }[] = []
  let open: { place: number; uids: number[] } | undefined
  for (const [index, uid] of list.entries()) {
    if (!holds(uid)) open = undefined
    else if (open !== undefined) open.uids.push(uid)
    else {
      open = { place: index + 1, uids: [uid] }
      runs.push(open)
    }
  }
  return runs
}

/** How results are named: by UIDs, or by the sequence numbers of the moment. */
export type Naming = (uids: readonly number[]) => readonly number[]

/** ADDTO of runs as they stand in the new list, the first one first: so each place is right when its turn comes (RFC 5267 §4.3.3). */
export function addTo(runs: readonly Run[], naming: Naming): string {
  return item('ADDTO', runs, naming)
}

/** REMOVEFROM of runs as they stand in the old list: the last one first, so that no place moves before its turn (RFC 5267 §4.3.4). */
export function removeFrom(runs: readonly Run[], naming: Naming): string {
  return item('REMOVEFROM', runs.toReversed(), naming)
}

function item(name: string, runs: readonly Run[], naming: Naming): string {
  if (runs.length === 0) return ''
  return ` ${name} (${runs.map(({ place, uids }) => `${place} ${numberSet(naming(uids))}`).join(' ')})`
}

/** Runs without places: in mailbox order clients find them themselves. */
export function unplaced(uids: readonly number[]): readonly Run[] {
  return uids.length === 0 ? [] : [{ place: 0, uids }]
}
