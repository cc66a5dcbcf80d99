/** Milliseconds by the unit that a config writes behind a number. */
export const durationUnits: Readonly<Record<string, number>> = { ms: 1, s: 1e3, m: 6e4, h: 36e5, d: 864e5 }

/** As a config would write it, in the largest unit that leaves nothing over. */
export function durationText(milliseconds: number): string {
  const fitting = Object.entries(durationUnits).findLast(([, factor]) => milliseconds % factor === 0)
  if (fitting === undefined || milliseconds === 0) return String(milliseconds)
  const [unit, factor] = fitting
  return `${milliseconds / factor}${unit}`
}
