import type { Pop3Input } from './options.ts'

// What the compiler has to take, or to refuse, of a config. Never run.
export const taken: Pop3Input = { port: 0, maxErrors: 20, idleTimeout: '1h', loginTimeout: 60_000 }

export const refused: readonly Pop3Input[] = [
  // @ts-expect-error A number is no text.
  { maxErrors: '20' },
  // @ts-expect-error The same.
  { maxConnections: '1000' },
  // @ts-expect-error A port has no unit.
  { port: '143' },
  // @ts-expect-error It is no option.
  { maxError: 20 },
]
