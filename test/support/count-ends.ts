/** Counts what ends, and lets others wait until so many have. */
export function countEnds(): { count(): void; reached(sessions: number): Promise<void> } {
  let ended = 0
  let wake = () => {}
  return {
    count() {
      ended++
      wake()
    },
    async reached(sessions) {
      while (ended < sessions) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
    },
  }
}
