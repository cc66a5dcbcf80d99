/** Milliseconds between looks at what is to be settled. */
export const tick: number = 1000
/** What was delivered is settled when nothing came for so long, and after the longer time in any case. */
export const quiet: number = 5000
export const patience: number = 30_000
/** Segments go when nothing came for so long. */
export const rest: number = 30_000
/** Milliseconds after which no message waits in a log of any process to be made durable. */
export const longestInLog: number = 4 * patience
/**
 * Milliseconds: a message that is nowhere in its mailbox any more was taken by another program, perhaps into another folder. By
 * then the system has written by itself what it was given.
 */
export const trust: number = 120_000
/**
 * Milliseconds: the longest that a process which lives writes nothing into its log, while it looks for such a message; then it has
 * removed it.
 */
export const longestSilence: number = trust + longestInLog
/** Milliseconds: who delivers twice within them will go on. */
export const busy: number = 1000
