// A run takes seconds, on slow disks minutes.
const longestRun = 3_600_000

/** Whether what was begun then (milliseconds since 1970) is of a run that has died. */
export function isLeftOver(begun: number): boolean {
  return Date.now() - begun > longestRun
}
