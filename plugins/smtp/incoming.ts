import type { Answer } from './session.ts'

/** Octets that follow a command and are no commands. */
export interface Incoming {
  /** Whether none has to come any more. */
  readonly isComplete: boolean
  /** As `Reception.push`. */
  push(chunk: Buffer): Promise<number | undefined>
  /** All have come. Answers the client; never rejects. */
  end(): Promise<Answer>
}
